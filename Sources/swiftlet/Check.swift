import Base
import Config
import Linux
import Runtime

extension Program {
    /// `--check`: everything that a start would check, short of opening anything; who may connect from where; the plan.
    mutating func check(_ config: Command.Config) -> Int32 {
        guard var settings = settings(config) else { return Exit.usage }
        if settings.mode == .client { return checkClient(&settings) }
        guard loader.access(&settings) != nil else {
            writeProblem()
            return Exit.usage
        }
        if settings.hasVoidAccess {
            line.text("per_listener_settings: access settings in front of the first listener hold for none")
            end(to: .output)
        }
        var i = 0
        while i < settings.listenerCount {
            let listener = settings.listener(i)
            line.text("listener ")
            if listener.isLocal { line.escaped(listener.path) } else { line.address(listener.address) }
            if !listener.interface.isEmpty {
                line.text(" on ")
                line.escaped(listener.interface)
            }
            line.text(": ")
            line.text(settings.accessSummary(ofListener: i))
            if settings.access(settings.accessIndex(ofListener: i)).aclFile != nil {
                line.text("; topics by acl_file")
            }
            end(to: .output)
            i += 1
        }
        if settings.mode == .bridge { writeBridges(settings) }
        return writePlan(settings)
    }

    /// `--plan`: the memory plan, and every limit as it will be in force.
    mutating func writePlan(_ settings: Settings) -> Int32 {
        let plan = Plan(settings, rows: rows)
        plan.write(&line) { System.write($0, to: .output) }
        line.text("limits")
        end(to: .output)
        // What a connection has is told with it.
        let mode = settings.mode == .client ? Settings.Mode.client : .broker
        var i: UInt8 = 0
        while let option = Option(rawValue: i) {
            i += 1
            guard option.row.kind.hasDefault, option.belongs(to: mode) else { continue }
            line.text("  ")
            line.column(option.row.name, width: 35)
            line.column(settings.limits[option], width: 12)
            end(to: .output)
        }
        return plan.fits ? Exit.success : Exit.usage
    }
}
