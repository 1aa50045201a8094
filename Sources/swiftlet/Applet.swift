import Base

/// The programs in this one. Which is meant, the name says that it is called by, mostly a link's, or the first word.
enum Applet: UInt8 {
    /// What is meant when nothing else is.
    case broker
    case passwd
    case pub
    case sub
    case bench

    struct Row {
        /// The first word that chooses it; nil where none is needed.
        let word: StaticString?
        /// The program that it stands in for; nil where it stands in for none.
        let link: StaticString?
        let help: StaticString
    }

    var row: Row {
        switch self {
        case .broker: Row(word: nil, link: "mosquitto", help: "MQTT broker")
        case .passwd: Row(word: "passwd", link: "mosquitto_passwd", help: "makes and edits password files")
        case .pub: Row(word: "pub", link: "mosquitto_pub", help: "publishes messages")
        case .sub: Row(word: "sub", link: "mosquitto_sub", help: "shows messages as they come")
        case .bench: Row(word: "bench", link: nil, help: "puts load on a broker, and measures it")
        }
    }

    /// The applet that is meant, and the words that are left for it.
    static func choose(_ arguments: Arguments) -> (applet: Applet, arguments: Arguments) {
        var i: UInt8 = 0
        while let applet = Applet(rawValue: i) {
            if let link = applet.row.link, arguments.programName.equals(link) { return (applet, arguments) }
            i += 1
        }
        i = 0
        while let applet = Applet(rawValue: i) {
            if arguments.count > 0, let word = applet.row.word, arguments.text(0).equals(word) {
                return (applet, arguments.dropFirst())
            }
            i += 1
        }
        return (.broker, arguments)
    }
}
