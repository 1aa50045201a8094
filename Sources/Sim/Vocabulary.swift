/// The topics and filters of a simulation. They are few, so that clients meet.
public enum Vocabulary {
    public static var topicCount: Int { 10 }

    public static func topic(_ index: Int) -> StaticString {
        switch index {
        case 0: "a"
        case 1: "a/b"
        case 2: "a/b/c"
        case 3: "b"
        case 4: "b/"
        case 5: "/b"
        case 6: "x/c0"
        case 7: "x/c1"
        case 8: "secret"
        default: "a//c"
        }
    }

    public static var filterCount: Int { 14 }
    /// The index of the filter that matches everything.
    public static var allTopics: Int { 0 }

    public static func filter(_ index: Int) -> StaticString {
        switch index {
        case 0: "#"
        case 1: "+"
        case 2: "a/#"
        case 3: "a/+"
        case 4: "+/b"
        case 5: "a/b"
        case 6: "b/#"
        case 7: "/+"
        case 8: "x/+"
        case 9: "x/c1"
        case 10: "+/+/c"
        case 11: "secret"
        case 12: "nobody/writes/here"
        default: "a/+/c"
        }
    }

    /// What a simulation with an ACL file has in it. The observer of such a simulation knows what it means.
    public static var acl: StaticString {
        """
        topic a
        topic readwrite a/#
        topic write b/#
        topic read /b
        topic readwrite b
        pattern readwrite x/%c
        topic read x/#
        topic deny secret

        """
    }
}
