import Config
import Foundation
import TestSupport
import Testing

/// The ready-made board configs.
struct BoardConfigTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
    }

    static let boards = ((try? FileManager.default.contentsOfDirectory(
        atPath: root.appendingPathComponent("board-configs").path)) ?? []).sorted()

    /// In the order of the lines.
    private func keys(_ board: String) -> [String] {
        let lines = BoardConfigTests.text("board-configs/\(board)/board.conf").split(separator: "\n")
        return lines.filter { !$0.hasPrefix("#") }.map { String($0.prefix { $0 != " " }) }
    }

    @Test func `There are some`() { #expect(BoardConfigTests.boards.count > 5) }

    @Test(arguments: boards)
    func `A board's config is read without complaint`(board: String) {
        let text = BoardConfigTests.text("board-configs/\(board)/board.conf")
        #expect(!text.isEmpty)
        #expect(Outcome(text).error == "")
    }

    @Test(arguments: boards)
    func `The four limits that an owner should know come before all other limits`(board: String) {
        let four: [Option] = [
            .maxKeepAlive, .maxPacketSize, .offlineMessageExpiry, .persistentClientExpiration, .maxQueuedMessages,
            .maxQueuedBytes, .maxSubscriptionsPerClient,
        ]
        let limits = keys(board).filter { key in Option.all.contains { $0.name == key && $0.range != nil } }
        #expect(limits.prefix(four.count) == four.map(\.name)[...])
    }

    @Test(arguments: boards)
    func `A board's folder is named after the target it runs, and the board`(board: String) {
        let rows = BoardConfigTests.text("toolchains/targets").split(separator: "\n").filter { !$0.hasPrefix("#") }
        let targets = rows.map { String($0.prefix { $0 != " " && $0 != "|" }) } + ["host"]
        #expect(targets.contains { board == $0 || board.hasPrefix($0 + "-") })
    }
}
