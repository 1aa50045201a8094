import Foundation

/// The source tree that this file stands in.
enum Tree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All files that belong to the project. Of what is hidden, that is `.ci` and the files of the top level.
    static let files: [File] = {
        let visible = urls(below: root, options: .skipsHiddenFiles)
        let hidden = urls(below: root, options: .skipsSubdirectoryDescendants).filter { url in
            // In a work tree of its own, `.git` is a file.
            url.lastPathComponent.hasPrefix(".") && url.lastPathComponent != ".git"
        }
        let own = visible + hidden + urls(below: root.appendingPathComponent(".ci"), options: [])
        return own.filter { !$0.path.contains("/__pycache__/") }.compactMap(File.init).sorted { $0.path < $1.path }
    }()

    private static func urls(below folder: URL, options: FileManager.DirectoryEnumerationOptions) -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil, options: options)
        return found?.compactMap { $0 as? URL } ?? []
    }

    static let swift = files.filter { $0.path.hasSuffix(".swift") }
    /// What is compiled for the routers.
    static let sources = swift.filter { file in
        file.path.hasPrefix("Sources/") && !hostOnly.contains { file.path.hasPrefix($0) }
    }
    /// Where the oracle looks on, and what is for programs on larger machines: routers have no use for it.
    private static let hostOnly = [
        "Sources/swiftlet-sim/main.swift", "Sources/MQTTClient/", "Sources/mqttclient-example/",
    ]

    static var topLevel: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: root.path).filter { !$0.hasPrefix(".") } }
    }

    static func file(_ path: String) -> File? { files.first { $0.path == path } }
}

struct File: Sendable {
    let path: String
    let text: String

    /// Nil for folders and for what is no text.
    init?(_ url: URL) {
        guard let data = try? Data(contentsOf: url), let text = String(data: data, encoding: .utf8) else { return nil }
        path = String(url.path.dropFirst(Tree.root.path.count + 1))
        self.text = text
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// `Broker` for Sources/Broker/Session.swift.
    var module: String { String(path.split(separator: "/").dropFirst().first ?? "") }
}

/// Swift code with its comments removed and its texts emptied, line by line. Interpolations in texts are kept as `\()`.
func code(_ text: String) -> [String] {
    var lines = [""]
    var rest = text[...]
    var commentDepth = 0
    /// What ends the text that is being passed over.
    var quote: String?
    while let first = rest.first {
        var length = 1
        if first == "\n" {
            lines.append("")
            // A text of one line ends with it.
            if quote == "\"" { quote = nil }
        } else if commentDepth > 0 {
            if rest.hasPrefix("*/") { (commentDepth, length) = (commentDepth - 1, 2) }
            if rest.hasPrefix("/*") { (commentDepth, length) = (commentDepth + 1, 2) }
        } else if let end = quote {
            if rest.hasPrefix(end) {
                (quote, length) = (nil, end.count)
                lines[lines.count - 1] += "\""
            } else if first == "\\" {
                if rest.hasPrefix("\\(") { lines[lines.count - 1] += "\\()" }
                length = 2
            }
        } else if rest.hasPrefix("//") {
            length = rest.prefix { $0 != "\n" }.count
        } else if rest.hasPrefix("/*") {
            (commentDepth, length) = (1, 2)
        } else if first == "\"" {
            quote = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
            length = quote?.count ?? 1
            lines[lines.count - 1] += "\""
        } else {
            lines[lines.count - 1].append(first)
        }
        rest = rest.dropFirst(length)
    }
    return lines
}

/// The places in `files` where `problem` finds one, as `path:line: what`.
func places(_ files: [File], _ problem: (String) -> String?) -> [String] {
    files.flatMap { file in
        file.lines.enumerated().compactMap { i, line in
            problem(String(line)).map { "\(file.path):\(i + 1): \($0)" }
        }
    }
}
