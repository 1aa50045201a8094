import Testing

struct LanguageTests {
    @Test(arguments: Rule.all)
    func `The sources keep to the rule`(rule: Rule) throws {
        let broken = try Tree.sources.flatMap { file in
            try rule.violations(in: file.text).map { "\(file.path):\($0): \(file.lines[$0 - 1])" }
        }
        #expect(broken == [])
    }

    @Test(arguments: Rule.all)
    func `The rule finds what it is there for, and nothing else`(rule: Rule) throws {
        for sample in rule.bad { #expect(try rule.violations(in: sample) == [1], "\(sample)") }
        for sample in rule.good { #expect(try rule.violations(in: sample) == [], "\(sample)") }
    }

    @Test func `Enumerations whose cases hold nothing have a raw type`() throws {
        let found = try Tree.sources.flatMap { file in
            try enumsWithoutRawType(file.text).map { "\(file.path): \($0)" }
        }
        #expect(found == [])
    }

    @Test(arguments: [
        ("enum A { case a, b }", ["A"]),
        ("enum A: Error {\n    case a\n}", ["A"]),
        ("    private enum A {\n        /// One.\n        case a\n        case b\n    }", ["A"]),
        ("struct S {\n    enum A {\n        case a\n    }\n    enum B: UInt8 { case b }\n}", ["A"]),
        ("enum A: UInt8 { case a, b }", []),
        ("enum A: Int32, Equatable {\n    case a\n}", []),
        ("enum A { case a(Int), b }", []),
        ("enum A {\n    case a\n    case b(Int)\n}", []),
        ("enum A {\n    static var x: Int { 1 }\n}", []),
        ("enum A {\n    enum B: UInt8 { case b }\n    func f() {\n    switch x {\n    case .b: 1\n    }\n    }\n}", []),
        ("// enum A { case a }", []),
    ] as [(String, [String])])
    func `The rule about enumerations finds those, and nothing else`(text: String, names: [String]) throws {
        #expect(try enumsWithoutRawType(text) == names)
    }

    @Test(arguments: [
        ("let a = 1 // two", ["let a = 1 "]), ("a /* b */ c", ["a  c"]), ("a /* b\nc */ d", ["a ", " d"]),
        ("a /* /* b */ c */ d", ["a  d"]), ("f(\"x // y\")", ["f(\"\")"]), ("f(\"a\\\"b\")", ["f(\"\")"]),
        ("f(\"a\\(b)c\")", ["f(\"\\()\")"]), ("f(\"\"\"\n  [x]\n  \"\"\")", ["f(\"", "", "\")"]), ("", [""]),
    ] as [(String, [String])])
    func `Code is what is left without comments and texts`(text: String, lines: [String]) {
        #expect(code(text) == lines)
    }
}
