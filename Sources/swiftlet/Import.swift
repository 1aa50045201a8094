import Base
import Bridge
import Config
import Linux
import Runtime

extension Program {
    /// `--import`: prints the board config that does what a mosquitto.conf or OpenWrt's /etc/config/mosquitto does, and
    /// says what of it has no counterpart.
    mutating func importFile(_ index: Int) -> Int32 {
        let capacity = ConfigFile.maxBytes + 1
        let bytes = Importer.bytes + capacity + ImportUCI.capacity(for: capacity) + BridgeCheck.scratchBytes
        guard let memory = System.map(bytes) else {
            _ = refuse(arguments.text(index), ": no memory to read it")
            return Exit.failure
        }
        let text = (memory + Importer.bytes).assumingMemoryBound(to: UInt8.self)
        let count: Int
        switch System.read(arguments.path(index), into: text, capacity: capacity) {
        case .bytes(let read): count = read
        case .tooLong: return refuse(arguments.text(index), tooLong)
        case .failed(let error):
            begin()
            line.escaped(arguments.text(index))
            line.text(": ")
            line.bytes(System.errorText(error))
            end(to: .error)
            return Exit.failure
        }
        var source = ByteView(text, count)
        var isUsed = true
        if ImportUCI.isUCI(source) {
            var uci = ImportUCI(text, count, to: text + capacity)
            if let (number, problem) = uci.rewrite() { return refuse(index, number, problem) }
            if uci.isTooLong { return refuse(arguments.text(index), tooLong) }
            isUsed = uci.saysUse
            source = uci.text
        }
        var importer = Importer(source, memory: memory)
        if importer.isOwn { return refuse(arguments.text(index), ": is a board config, none of mosquitto's files") }
        if importer.isSenseless { return refuse(arguments.text(index), ": mosquitto would not know a line of it") }
        if let number = importer.lateLine {
            return refuse(
                index, number, "per_listener_settings must have one value, in front of what says who may come in")
        }
        importer.convert(isUsed: isUsed)
        let scratch = text + capacity + ImportUCI.capacity(for: capacity)
        guard settle(&importer, scratch) else { return refuse(arguments.text(index), tooLong) }
        System.write(importer.result, to: .output)
        importer.report { number, key, reason in
            place(index, number)
            line.escaped(key)
            line.text(": ")
            line.escaped(reason)
            end(to: .error)
        }
        return Exit.success
    }

    /// Has withdrawn what the program would refuse, until it refuses nothing; then sees to the memory. False when there
    /// is no room for that.
    @inline(never)
    private mutating func settle(_ importer: inout Importer, _ scratch: UnsafeMutablePointer<UInt8>) -> Bool {
        while !importer.isTooLong {
            var problem: ConfigError?
            switch ConfigFile.parse(importer.result) {
            case .bad(let error): problem = error
            case .settings(let settings):
                problem = settings.mode == .bridge ? BridgeCheck.problem(settings, scratch: scratch) : nil
                guard problem == nil else { break }
                let plan = Plan(settings, rows: rows)
                if plan.fits { return true }
                importer.write(budget: (plan.total | 0xFFFF) + 1)
                return !importer.isTooLong
            }
            guard let problem, importer.withdraw(problem) else { return false }
        }
        return false
    }

    @inline(never) private mutating func refuse(_ index: Int, _ number: Int, _ problem: StaticString) -> Int32 {
        place(index, number)
        line.text(problem)
        end(to: .error)
        return Exit.usage
    }

    private var tooLong: StaticString { ": longer than a board config may be" }

    @inline(never) private mutating func place(_ index: Int, _ number: Int) {
        line.escaped(arguments.text(index))
        line.text(":")
        line.number(number)
        line.text(": ")
    }
}
