import Base
import Config
import Linux

extension Program {
    /// `--check` of a board of client mode: where it connects and as whom, what it does with which messages, what it
    /// publishes; which of its files are not there, or not to be used; the plan.
    mutating func checkClient(_ settings: inout Settings) -> Int32 {
        guard loader.password(&settings) else {
            writeProblem()
            return Exit.usage
        }
        writeConnection(settings.client, settings.limits)
        var lines = settings.actionLines
        while let action = lines.next() { write(action) }
        warn(settings)
        return writePlan(settings)
    }

    private mutating func writeConnection(_ client: ClientSettings, _ limits: Limits) {
        line.text("connects to ")
        var i = 0
        while i < client.remoteCount {
            let remote = client.remote(i)
            if i > 0 { line.text(", else ") }
            write(remote)
            i += 1
        }
        if client.clientID.isEmpty {
            line.text(" as whom the broker likes")
        } else {
            line.text(" as ")
            line.escaped(client.clientID)
        }
        writeUser(client.username, hasPassword: client.password != nil)
        line.text(client.cleanSession ? ", clean session" : ", session kept")
        line.text(", keep-alive ")
        line.number(limits.keepAliveIntervalSeconds)
        end(to: .output)
        guard let will = client.willTopic else { return }
        line.text("will ")
        line.escaped(will)
        writeQoS(client.willQoS, retain: client.willRetain)
        end(to: .output)
    }

    /// Nothing for nobody. Whether there is a password is not told where none is asked for.
    mutating func writeUser(_ user: ByteView?, hasPassword: Bool?) {
        guard let user else { return }
        line.text(", user ")
        line.escaped(user)
        guard let hasPassword else { return }
        line.text(hasPassword ? " with password" : " without password")
    }

    mutating func write(_ remote: Remote) {
        let hasColons = remote.host.firstIndex(of: UInt8(ascii: ":")) != nil
        if hasColons { line.byte(UInt8(ascii: "[")) }
        line.escaped(remote.host)
        if hasColons { line.byte(UInt8(ascii: "]")) }
        guard !remote.isLocal else { return }
        line.byte(UInt8(ascii: ":"))
        line.number(Int(remote.port))
    }

    mutating func writeQoS(_ qos: UInt8, retain: Bool) {
        line.text(" qos ")
        line.number(Int(qos))
        if retain { line.text(" retain") }
    }

    private mutating func write(_ action: ActionLine) {
        line.text(action.kind.isPublication ? "publishes " : "subscribes to ")
        write(action.topic)
        writeQoS(action.qos, retain: action.retain)
        if action.kind.isPublication {
            line.text(" every ")
            line.number(action.everySeconds)
            line.text(" s")
        }
        switch action.kind {
        case .print: line.text(": prints")
        case .exec: line.text(": runs")
        case .write: line.text(": writes")
        case .publishFile: line.text(": what is in")
        case .publishExec: line.text(": what is said by")
        }
        if action.kind != .print {
            var words = action.words
            while let word = words.next() {
                line.byte(UInt8(ascii: " "))
                write(word)
            }
        }
        end(to: .output)
    }

    private mutating func write(_ word: ConfigWord) {
        if word.isQuoted { line.byte(UInt8(ascii: "\"")) }
        line.escaped(word.spelling)
        if word.isQuoted { line.byte(UInt8(ascii: "\"")) }
    }

    // MARK: What may not work

    private mutating func warn(_ settings: Settings) {
        if let path = settings.client.passwordFile { warnIfPublic(path) }
        var lines = settings.actionLines
        while let action = lines.next() {
            if action.kind == .exec, let topic = action.options.replyTopic {
                warnOfCircle(action, ": its reply to ", topic, settings)
            }
            if action.options.onFailure == .deadLetter, let topic = action.options.deadLetterTopic {
                warnOfCircle(action, ": its dead letter to ", topic, settings)
            }
            var words = action.words
            guard action.kind != .print, let path = words.next() else { continue }
            let place = settings.place(of: action.number)
            switch FileCheck.ask(action.kind.wantedFile, loader.path(path)) {
            case .fine: break
            case .irregular: warn(place, path, ByteView(action.kind.runsProgram ? "no program" : "a folder"))
            case .failed(let error): warn(place, path, System.errorText(error))
            }
        }
    }

    mutating func warnIfPublic(_ path: ByteView) {
        guard FileCheck.isPublic(loader.path(path)) else { return }
        line.text("warning: ")
        line.escaped(path)
        line.text(": every user may read the password")
        end(to: .output)
    }

    private mutating func warnOfCircle(
        _ action: ActionLine, _ what: StaticString, _ topic: ByteView, _ settings: Settings
    ) {
        guard let hearer = loader.programHearing(topic, settings) else { return }
        line.text("warning: ")
        line.place(settings.place(of: action.number))
        line.text(what)
        line.escaped(topic)
        line.text(" runs the program of ")
        line.place(settings.place(of: hearer))
        end(to: .output)
    }

    private mutating func warn(_ place: LinePlace, _ path: ConfigWord, _ problem: ByteView) {
        line.text("warning: ")
        line.place(place)
        line.text(": ")
        write(path)
        line.text(": ")
        line.bytes(problem)
        end(to: .output)
    }
}

extension ActionLine.Kind {
    fileprivate var wantedFile: FileCheck.Wanted {
        runsProgram ? .runnable : self == .write ? .writable : .readable
    }
}
