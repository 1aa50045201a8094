import Base

extension Loader {
    /// Password and ACL files by access index.
    struct AccessTexts {
        var passwords = InlineArray<9, ByteView?>(repeating: nil)
        var acls = InlineArray<9, ByteView?>(repeating: nil)

        /// Of all files together.
        var bytes: Int {
            var sum = 0
            var i = 0
            while i < passwords.count {
                sum += (passwords[i]?.count ?? 0) + (acls[i]?.count ?? 0)
                i += 1
            }
            return sum
        }
    }
}
