import Base

extension Settings {
    /// In a few words, who may come by which listener.
    public func accessSummary(ofListener index: Int) -> StaticString {
        guard index < listenerCount else { return "nobody: there is no listener" }
        let rules = access(accessIndex(ofListener: index))
        let isHere = listener(index).isLocal || listener(index).address.isLoopback
        if rules.passwordFile != nil {
            if rules.allowAnonymous { return isHere ? "anyone on this machine" : "anyone who can reach it" }
            return isHere ? "users with password, on this machine" : "users with password"
        }
        if !rules.allowAnonymous { return "nobody: neither allow_anonymous nor password_file" }
        return isHere ? "anyone on this machine" : "anyone who can reach it"
    }

    /// The same for all listeners: what they have in common, or that they differ.
    public var accessSummary: StaticString {
        var i = 1
        while i < listenerCount {
            let other = ByteView(accessSummary(ofListener: i))
            if !other.equals(accessSummary(ofListener: 0)) { return "differs by listener; --check tells" }
            i += 1
        }
        return accessSummary(ofListener: 0)
    }
}
