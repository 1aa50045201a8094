import Testing

/// A kind of code that the routers' binaries must not have, as a pattern for one line without comments and texts.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    let pattern: String
    /// Samples that the pattern must find, and some that it must not.
    let bad: [String]
    let good: [String]

    var testDescription: String { name }

    init(_ name: String, _ pattern: String, bad: [String], good: [String]) {
        self.name = name
        self.pattern = pattern
        self.bad = bad
        self.good = good
    }

    /// The lines of `text` that break the rule, counted from 1.
    func violations(in text: String) throws -> [Int] {
        let regex = try Rule.regex(pattern)
        return code(text).enumerated().filter { $0.element.contains(regex) }.map { $0.offset + 1 }
    }

    /// By default `x.y` is one word.
    static func regex(_ pattern: String) throws -> Regex<AnyRegexOutput> {
        try Regex(pattern).wordBoundaryKind(.simple)
    }

    static let all = [
        Rule(
            "no type of the library that takes memory",
            #"\b(Array|ArraySlice|ContiguousArray|Dictionary|Set|String|Substring|Character|ManagedBuffer)\b"#,
            bad: ["let a: Array<Int>", "func f() -> String {", "var s = Set<Int>()", "x as Character"],
            good: ["// an Array of bytes", "let a: InlineArray<8, Int>", "let t: StaticString = \"a String\""]),
        Rule(
            "no array literal and no short form of an array type",
            #"(^|[^\w\)\]>?!`])\["#,
            bad: ["let a = [1, 2]", "func f(_ x: [UInt8])", "for i in [1] {", "return []", "f([:])"],
            good: ["heads[slot]", "entries[Int(number) - 1]", "a?[0]", "f(x)[1]", "let x = \"[1]\""]),
        Rule(
            "no class, no actor, no existential",
            #"\b(class|actor|AnyObject)\b|\bany +[A-Z(]"#,
            bad: ["final class A {", "var io: any IO", "protocol P: AnyObject {", "actor B {"],
            good: ["case any", "Address.any", "let classes = 1", "// any IO", "var any: Address"]),
        Rule(
            "nothing throws",
            #"\b(throws|rethrows|throw|try|catch)\b"#,
            bad: ["func f() throws -> Int {", "try f()", "func f() throws(E) {", "} catch {", "throw E.a"],
            good: ["func retry()", "// Nothing throws."]),
        Rule(
            "nothing waits for a task",
            #"\b(async|await|Task)\b"#,
            bad: ["func f() async {", "await f()", "Task { }"],
            good: ["case awaitingConnect", "// async"]),
        Rule(
            "no byte order of the machine",
            #"\b(bigEndian|littleEndian|byteSwapped)\b"#,
            bad: ["x.bigEndian", "UInt32(littleEndian: x)", "x.byteSwapped"],
            good: ["x << 8", "// bigEndian"]),
        Rule(
            "no conformance that drags in hashing or coding",
            #"\b(OptionSet|Hashable|Codable|Decodable|Encodable|CaseIterable|CustomStringConvertible)\b"#,
            bad: ["struct S: OptionSet {", "enum E: Hashable {", "struct C: Codable {"],
            good: ["struct S: Equatable {", "struct KeyedHash {"]),
        Rule(
            "no algorithm that makes arrays or takes stored closures",
            #"(^ *|\b[a-z_]\w*|\$\d|[)\]}?!])\.(map|compactMap|flatMap|filter|reduce|sort|sorted|enumerated"#
                + #"|elementsEqual|forEach|reversed) *[({]"#,
            bad: ["a.map { $0 }", "x.enumerated()", "for i in x.sorted() {", "a?.map(f)", "    .map(f)", "$0.map(f)"],
            good: ["System.map(bytes)", "// .map", "func map(_ bytes: Int)", "tree.find(request.filter)"]),
        Rule(
            "no accessor that yields",
            #"\b(_read|_modify|yield)\b"#,
            bad: ["_read {", "_modify { yield &x }"],
            good: ["unsafeAddress {", "bytes_read"]),
        Rule(
            "no random number of the system",
            #"\b(SystemRandomNumberGenerator|randomElement|shuffled)\b|\.random\("#,
            bad: ["Int.random(in: 0..<9)", "a.shuffled()"],
            good: ["let random = io.entropy()", "connect(c, random: (0, 0))"]),
        Rule(
            "no text put together while running",
            #"\\\(\)|\b(print|debugPrint|dump)\("#,
            bad: [#"line.text("\(x)")"#, "print(x)", #"preconditionFailure("bad \(x)")"#],
            good: ["line.text(\"x\")", "// print(x)", "line.footprint(x)"]),
        Rule(
            "no global or static memory that is set up at its first use",
            #"^(public |internal |private |fileprivate )*(let|var) |\bstatic let\b|\bstatic var\b[^{]*=|\blazy var\b"#,
            bad: ["let a = 1", "public var b: Int = 2", "  static let c = 3", "  static var d = 4", "  lazy var e = 5"],
            good: ["    let a = 1", "    public static var b: Int { 1 }", "    private var c = 2"]),
    ]
}

/// Enumerations without a raw type and without anything in their cases get hashing that nobody asked for: what is
/// found, by name.
func enumsWithoutRawType(_ text: String) throws -> [String] {
    let lines = code(text)
    let declaration = try Rule.regex(#"\benum +(\w+)(<[^>]*>)? *(: *[^{]*)?\{"#)
    let rawType = try Rule.regex(#": *(U?Int(8|16|32|64)?)\b"#)
    var found: [String] = []
    for (i, line) in lines.enumerated() {
        guard let match = line.firstMatch(of: declaration), let name = match.output[1].substring else { continue }
        if match.output[3].substring?.contains(rawType) == true { continue }
        let cases = caseLines(String(line[match.range.upperBound...]), lines[(i + 1)...])
        if !cases.isEmpty, !cases.contains(where: { $0.contains("(") }) { found.append(String(name)) }
    }
    return found
}

/// The lines that declare cases directly in the braces that `first` is the beginning of.
private func caseLines(_ first: String, _ rest: ArraySlice<String>) -> [String] {
    var depth = 1
    var found: [String] = []
    for line in [first] + rest {
        let text = line.trimmingPrefix { $0 == " " }
        if depth == 1, text.hasPrefix("case ") || text.hasPrefix("indirect case ") { found.append(String(text)) }
        for character in line {
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if depth == 0 { return found }
        }
    }
    return found
}
