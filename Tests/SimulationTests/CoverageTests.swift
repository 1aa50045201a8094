import Base
import Foundation
import Sim
import Testing
import Wire

/// What the broker can say must have been heard: by some seed, or by a test that names it.
@Suite struct CoverageTests {
    private static let seen: (events: Set<String>, reasons: Set<String>) = {
        var events: Set<String> = []
        var reasons: Set<String> = []
        for seed in UInt32(1)...60 {
            World.run(seed) { simulation in
                guard simulation.isFinished else { return }
                for event in allEvents where simulation.log.events[Int(event.rawValue)] > 0 {
                    events.insert(event.name.description)
                }
                for reason in allReasons where simulation.log.reasons[Int(reason.rawValue)] > 0 {
                    reasons.insert(reason.name.description)
                }
            }
        }
        return (events, reasons)
    }()

    private static var allEvents: [LogEvent] { (0..<64).compactMap(LogEvent.init) }
    private static var allReasons: [CloseReason] { (0..<64).compactMap(CloseReason.init) }

    /// The other tests, as text.
    private static let tests: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return ["RuntimeTests", "EndToEnd"].flatMap { folder in
            let folder = root.appendingPathComponent(folder)
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            return files?.compactMap { ($0 as? URL).flatMap { try? String(contentsOf: $0, encoding: .utf8) } } ?? []
        }.joined()
    }()

    private static func isNamed(_ name: String) -> Bool {
        tests.contains("\"\(name)\"") || tests.contains("=\(name)")
    }

    @Test func `Every event of the log was seen`() {
        #expect(Self.seen.events.contains("connected") && Self.seen.events.contains("dropped"))
        let names = Self.allEvents.map(\.name.description)
        #expect(names.filter { !Self.seen.events.contains($0) && !Self.isNamed($0) } == [])
    }

    @Test func `Every reason to end a connection was seen`() {
        #expect(Self.seen.reasons.contains("taken-over") && Self.seen.reasons.contains("keep-alive-expired"))
        let names = Self.allReasons.map(\.name.description)
        #expect(names.filter { !Self.seen.reasons.contains($0) && !Self.isNamed($0) } == [])
    }
}
