import Base
import Runtime
import TestWorld
import Testing

/// A world and its devices.
final class Scene {
    let world: World
    private(set) var devices: [Device] = []

    init(_ world: World) { self.world = world }

    func device(_ identity: Device.Identity) -> Device {
        let device = Device(world, identity)
        devices.append(device)
        return device
    }

    /// Until nobody has anything to do.
    func settle() {
        for _ in 0..<1000 {
            world.settle()
            var isAtRest = true
            for device in devices where device.work() { isAtRest = false }
            if isAtRest { return }
        }
        Issue.record("the devices do not come to rest")
    }

    /// As `settle`, and gives those who got no answer the time to get it, or to be given up.
    func settlePatiently() {
        settle()
        for _ in 0..<3 where !isIdle {
            world.server.io.advance(byMs: 1001)
            settle()
        }
    }

    /// Everything that devices began was finished.
    var isIdle: Bool { devices.allSatisfy(\.isIdle) }

    /// What is taken of each pool now, by name.
    var poolUse: [String: Int] {
        var use: [String: Int] = [:]
        var index = 0
        while let pool = world.server.poolUse(index) {
            use[pool.name.description] = pool.inUse
            index += 1
        }
        return use
    }

    /// Ends all sessions: each device comes back for a clean one and leaves it.
    func endAll() {
        for device in devices {
            device.turnOff()
            world.settle()
            let last = world.connect()
            last.exchange(Packet.connect(device.identity.id, clean: true))
            last.exchange(Packet.disconnect)
        }
    }
}
