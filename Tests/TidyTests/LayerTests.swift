import Testing

struct LayerTests {
    /// What each module may import. No arrow points back, and only Linux reaches C.
    static let allowed: [String: Set<String>] = [
        "Base": [],
        "Wire": ["Base"],
        "Engine": ["Base", "Wire"],
        "Config": ["Base"],
        "Broker": ["Base", "Wire", "Engine", "Config"],
        "Bridge": ["Base", "Wire", "Engine", "Config"],
        "Client": ["Base", "Wire", "Engine", "Config"],
        "Runtime": ["Base", "Wire", "Engine", "Config", "Broker", "Bridge", "Client"],
        "Bench": ["Base", "Wire", "Runtime"],
        "Linux": ["Base", "Broker", "Runtime", "CPlatform"],
        "Sim": ["Base", "Wire", "Engine", "Config", "Broker", "Runtime"],
        "swiftlet": ["Base", "Wire", "Engine", "Config", "Broker", "Bridge", "Client", "Runtime", "Bench", "Linux"],
        "swiftlet-sim": ["Base", "Wire", "Config", "Broker", "Runtime", "Linux", "Sim"],
    ]

    /// The modules that `text` imports.
    private static func imports(_ text: String) -> [String] {
        code(text).compactMap { line in
            let words = line.split(separator: " ").drop { $0.hasPrefix("@") || $0 == "public" || $0 == "internal" }
            guard words.first == "import" else { return nil }
            let kinds: Set<Substring> = ["struct", "enum", "func", "var", "let", "protocol", "typealias", "class"]
            return words.dropFirst().first { !kinds.contains($0) }.map { String($0.prefix { $0 != "." }) }
        }
    }

    private static func violations(_ path: String, _ module: String, _ text: String) -> [String] {
        let allowed = LayerTests.allowed[module] ?? []
        return imports(text).filter { imported in
            !allowed.contains(imported) && !(path == "Sources/swiftlet/main.swift" && imported == "Glibc")
        }
    }

    @Test func `Each module imports only what is below it`() {
        let broken = Tree.sources.flatMap { file in
            LayerTests.violations(file.path, file.module, file.text).map { "\(file.path) imports \($0)" }
        }
        #expect(broken == [])
    }

    @Test func `Every folder of the sources is a layer, or the C shim`() {
        let folders = Set(Tree.files.filter { $0.path.hasPrefix("Sources/") }.map(\.module))
        #expect(folders == Set(LayerTests.allowed.keys).union(["CPlatform", "MQTTClient", "mqttclient-example"]))
    }

    @Test func `C stands in its shim only, and the shim is nothing but C`() {
        let odd = Tree.files.filter { file in
            let isC = [".c", ".h", ".modulemap"].contains { file.path.hasSuffix($0) }
            return file.path.hasPrefix("Sources/") && isC != (file.module == "CPlatform")
        }
        #expect(odd.map(\.path) == [])
    }

    @Test(arguments: [
        ("Sources/Base/A.swift", "import Wire", ["Wire"]),
        ("Sources/Base/A.swift", "import Foundation", ["Foundation"]),
        ("Sources/Wire/A.swift", "import Base\nimport Engine", ["Engine"]),
        ("Sources/Broker/A.swift", "@testable import Runtime", ["Runtime"]),
        ("Sources/Runtime/A.swift", "import struct Linux.LinuxIO", ["Linux"]),
        ("Sources/swiftlet/A.swift", "import Glibc", ["Glibc"]),
        ("Sources/swiftlet/main.swift", "import Glibc", []),
        ("Sources/Engine/A.swift", "import Base\nimport Wire\n// import Broker", []),
    ])
    func `A wrong import is found`(path: String, text: String, found: [String]) {
        let module = String(path.split(separator: "/")[1])
        #expect(LayerTests.violations(path, module, text) == found)
    }
}
