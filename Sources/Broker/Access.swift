import Base
import Config
import Wire

/// What holds for the clients of one listener, or of all.
struct AccessRules {
    var allowsAnonymous = false
    /// Nil when there is no password file.
    var passwords: PasswordFile?
    /// Nil when there is no ACL file: everything is allowed.
    var rules: AccessList.Range?
}

/// Who may connect, read and write.
extension Broker {
    public enum Admission {
        /// As anonymous, or there is nothing to compare the password with.
        case granted
        case refused(CloseReason)
        /// Granted if the password belongs to this entry.
        case depends(PasswordEntry)
    }

    /// Whether a client may connect, as far as that can be told without computing a hash.
    public func admission(_ connect: Connect, accessIndex: Int) -> Admission {
        let rules = accessRules[accessIndex]
        let withoutName: Admission = rules.allowsAnonymous ? .granted : .refused(.notAuthorised)
        // Without a password file a user name is a claim that nobody checks: it opens no more than having none.
        guard let userName = connect.userName, let passwords = rules.passwords else { return withoutName }
        guard let entry = passwords.find(userName), connect.password != nil else {
            return .refused(.badUserNameOrPassword)
        }
        return .depends(entry)
    }

    /// Forgets all rules, before `addAccess` brings the new ones. Sessions keep what they have; what they may do with
    /// it is decided by the new rules.
    public mutating func removeAllAccess() {
        accessList.removeAll()
        accessRules.initialize(repeating: AccessRules(), count: Broker.maxAccessSets)
    }

    /// From here on these rule for `index`; nil is no such file. The texts have been checked and stay where they are.
    public mutating func addAccess(_ index: Int, allowsAnonymous: Bool, passwords: ByteView?, acl: ByteView?) {
        accessRules[index].allowsAnonymous = allowsAnonymous
        if let passwords { accessRules[index].passwords = PasswordFile(passwords) }
        if let acl { accessRules[index].rules = accessList.add(acl) }
    }

    /// The number of the first line of an access file that is wrong, or nil.
    public static func checkACL(_ text: ByteView) -> Int? { AccessList.check(text) }

    /// What nothing allows is forbidden, and a `deny` outweighs all else.
    func isAllowed(_ access: Access, _ handle: Handle<Session>, _ topic: ByteView) -> Bool {
        guard accessList.isOn, !sessions[handle].pointee.isTrusted,
            let range = accessRules[Int(sessions[handle].pointee.accessIndex)].rules
        else { return true }
        var isAllowed = false
        var i = range.first
        while i < range.end {
            let rule = accessList[i]
            i += 1
            guard rule.access == 0 || rule.access & access.rawValue != 0 else { continue }
            let filter = accessList.filterText(of: rule)
            let matches = rule.isPattern
                ? matches(pattern: filter, topic, handle)
                : sessions.userName(of: handle, equals: accessList.user(of: rule)) && TopicFilter.matches(filter, topic)
            guard matches else { continue }
            if rule.access == 0 { return false }
            isAllowed = true
        }
        return isAllowed
    }

    /// Puts the client's names in and compares. Names that could widen the pattern match nothing, and neither does `%u`
    /// for a client without user name.
    private func matches(pattern: ByteView, _ topic: ByteView, _ handle: Handle<Session>) -> Bool {
        var writer = ByteWriter(accessScratch, capacity: limits.maxTopicBytes)
        var i = 0
        while i < pattern.count {
            let next = i + 1 < pattern.count ? pattern[i + 1] : 0
            let isName = pattern[i] == UInt8(ascii: "%") && (next == UInt8(ascii: "u") || next == UInt8(ascii: "c"))
            if isName {
                let isWritten = next == UInt8(ascii: "u")
                    ? sessions.writeUserName(of: handle, to: &writer) : sessions.writeClientID(of: handle, to: &writer)
                guard isWritten else { return false }
                i += 2
            } else {
                guard writer.room > 0 else { return false }
                writer.byte(pattern[i])
                i += 1
            }
        }
        return !writer.written.isEmpty && TopicFilter.matches(writer.written, topic)
    }
}
