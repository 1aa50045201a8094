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

    private static func names(_ folder: String) -> [String] {
        let path = root.appendingPathComponent(folder).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    static let boards = names("board-configs").filter { !$0.hasSuffix(".md") }
    /// Those of brokers are called board.conf, others after what they are.
    static let files = boards.flatMap { board in
        names("board-configs/\(board)").filter { $0.hasSuffix(".conf") }.map { "board-configs/\(board)/\($0)" }
    }

    private static func lines(_ file: String) -> [Substring] {
        text(file).split(separator: "\n").filter { !$0.hasPrefix("#") }
    }

    /// What stands in the file that a board config names as its base.
    private static func base(of file: String) -> String? {
        guard let line = lines(file).first(where: { $0.hasPrefix("base ") }) else { return nil }
        return text(file.split(separator: "/").dropLast().joined(separator: "/") + "/" + line.dropFirst("base ".count))
    }

    /// In the order of the lines.
    private func keys(_ file: String) -> [String] {
        BoardConfigTests.lines(file).map { String($0.prefix { $0 != " " }) }
    }

    /// From the table of targets.
    static let targets = text("toolchains/targets").split(separator: "\n").filter { !$0.hasPrefix("#") }
        .map { String($0.prefix { $0 != " " && $0 != "|" }) }
    /// Those that are of no certain make.
    static let kinds = boards.filter { $0.hasPrefix("generic-") }
    static let models = boards.filter { board in targets.contains { board.hasPrefix($0 + "-") } }

    @Test func `There are some for each target, and a dozen at least`() {
        #expect(BoardConfigTests.models.count >= 12)
        for target in BoardConfigTests.targets {
            #expect(BoardConfigTests.models.contains { $0.hasPrefix(target + "-") }, "\(target)")
        }
    }

    @Test(arguments: kinds)
    func `What is no model is ready to be a broker, a bridge and a client`(board: String) {
        for mode in ["board", "bridge", "client"] {
            #expect(BoardConfigTests.files.contains("board-configs/\(board)/\(mode).conf"))
        }
    }

    @Test(arguments: models)
    func `A model's owner reads what it has, what is left for the broker, and where that is known from`(board: String) {
        let lines = BoardConfigTests.text("board-configs/\(board)/board.conf").split(separator: "\n")
        let head = lines.prefix { $0.hasPrefix("# ") }.map { $0.dropFirst(2) }.joined(separator: " ")
        for word in [" RAM.", "Left: flash ", "; RAM ", "Where that is from: "] { #expect(head.contains(word)) }
        #expect(["flash", "microSD", "mSATA"].contains { head.contains($0) })
    }

    @Test(arguments: boards)
    func `Every board can be a broker`(board: String) {
        #expect(BoardConfigTests.files.contains("board-configs/\(board)/board.conf"))
    }

    @Test(arguments: files)
    func `A board's config is read without complaint`(file: String) {
        let text = BoardConfigTests.text(file)
        #expect(!text.isEmpty)
        let outcome = BoardConfigTests.base(of: file).map { Outcome(text, base: $0) } ?? Outcome(text)
        #expect(outcome.error == "")
        let modes: [(String, Settings.Mode)] = [("client", .client), ("bridge", .bridge), ("board", .broker)]
        let mode = modes.first { file.hasSuffix("/\($0.0).conf") }?.1
        #expect(outcome.settings?.mode == mode)
    }

    @Test(arguments: files)
    func `The four limits that an owner should know come before all other limits`(file: String) {
        let ofBroker: [Option] = [
            .maxKeepAlive, .maxPacketSize, .offlineMessageExpiry, .persistentClientExpiration, .maxQueuedMessages,
            .maxQueuedBytes, .maxSubscriptionsPerClient,
        ]
        let ofClient: [Option] = [
            .keepAliveInterval, .maxPacketSize, .offlineMessageExpiry, .maxQueuedMessages, .maxQueuedBytes,
            .maxSubscriptionsPerClient,
        ]
        let four = file.hasSuffix("/client.conf") ? ofClient : ofBroker
        // What a base says is looked at there.
        if keys(file).contains("base") { return }
        let limits = keys(file).filter { key in Option.all.contains { $0.name == key && $0.range != nil } }
        #expect(limits.prefix(four.count) == four.map(\.name)[...])
    }

    @Test func `A program of ours that a client runs is there and may be run`() throws {
        let text = BoardConfigTests.text("board-configs/host/client.conf")
        let programs = text.split(separator: " ").filter { $0.hasPrefix("board-configs/") && $0.hasSuffix("gpio") }
        #expect(programs.count == 1)
        for program in programs {
            let path = BoardConfigTests.root.appendingPathComponent(String(program)).path
            #expect(FileManager.default.isExecutableFile(atPath: path))
        }
    }

    @Test(arguments: boards)
    func `A board's folder is named after the target it runs, and the board`(board: String) {
        #expect(BoardConfigTests.models.contains(board) || BoardConfigTests.kinds.contains(board) || board == "host")
    }
}
