import Base

/// A board config in the making. Each of its lines knows which line of another file it comes from. Lines that are left
/// out stay as comments, with the reason below.
struct ImportSheet {
    private let start: UnsafeMutablePointer<UInt8>
    private var count = 0
    /// By line: that of the other file; negative if it is left out; zero for one that comes from none.
    private let origins: UnsafeMutablePointer<Int32>
    private(set) var lineCount = 0
    /// Something has found no room.
    private(set) var isFull = false

    private static var capacity: Int { ConfigFile.maxBytes }
    private static var maxLines: Int { 8192 }
    static var bytes: Int { capacity + maxLines * 4 }

    /// `memory` has room for `bytes`, and is aligned for numbers.
    init(_ memory: UnsafeMutableRawPointer) {
        origins = memory.assumingMemoryBound(to: Int32.self)
        start = (memory + ImportSheet.maxLines * 4).assumingMemoryBound(to: UInt8.self)
    }

    var text: ByteView { ByteView(start, count) }

    @inline(never) mutating func bytes(_ view: ByteView) { insert(view, at: count) }
    @inline(never) mutating func text(_ text: StaticString) { bytes(ByteView(text)) }

    @inline(never) mutating func number(_ value: Int) {
        if value > 9 { number(value / 10) }
        let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
        withUnsafePointer(to: digit) { bytes(ByteView($0, 1)) }
    }

    /// A comment.
    @inline(never) mutating func note(_ text: StaticString) {
        self.text(text)
        end()
    }

    /// Ends a line.
    @inline(never) mutating func end(origin: Int = 0) { endLine(at: count, lineCount, origin) }

    @inline(never) mutating func line(_ key: ByteView, _ value: ByteView, origin: Int) {
        bytes(key)
        if !value.isEmpty { text(" ") }
        bytes(value)
        end(origin: origin)
    }

    @inline(never) mutating func line(_ key: ByteView, _ value: Int, origin: Int) {
        bytes(key)
        text(" ")
        number(value)
        end(origin: origin)
    }

    /// The same, but left out.
    @inline(never) mutating func line(_ key: ByteView, _ value: ByteView, origin: Int, leftOut reason: ByteView) {
        text("# ")
        line(key, value, origin: -origin)
        text("#   ")
        bytes(reason)
        end()
    }

    /// Makes comments of a line, from 1, and of what stands below it, if it begins a section.
    @inline(never) mutating func leaveOut(_ number: Int, _ reason: ByteView) {
        guard number >= 1, number <= lineCount, !isFull else { return }
        let isHead = ImportSheet.isHead(line(number).view)
        origins[number - 1] = -origins[number - 1]
        comment(number)
        let (offset, view) = line(number)
        insertLine(ByteView("#   "), reason, at: offset + view.count + 1, number)
        guard isHead else { return }
        var i = number + 1
        while i <= lineCount, !isFull {
            let view = line(i).view
            if ImportSheet.isHead(view) { return }
            if ImportSheet.isActive(view) { comment(i) }
            i += 1
        }
    }

    /// A line of the program's own, below another one.
    @inline(never) mutating func insert(_ text: StaticString, below number: Int) {
        let (offset, view) = line(number)
        guard !isFull else { return }
        insertLine(ByteView(text), .empty, at: offset + view.count + 1, number)
    }

    @inline(never) func words(_ number: Int) -> (key: ByteView, value: ByteView) {
        let (word, rest) = line(number).view.firstWord
        return (word, rest)
    }

    /// The last line of this key, or of any, that is in force, from the line `first` on.
    @inline(never) func lastLine(of key: ByteView?, from first: Int = 1) -> Int? {
        var found: Int?
        var rest = text
        var i = 1
        while i <= lineCount {
            let view = ImportSheet.takeLine(&rest)
            let word = view.firstWord.word
            if i >= first, ImportSheet.isActive(view), word.equals(key ?? word) { found = i }
            i += 1
        }
        return found
    }

    /// The line in force, up to `number`, that begins a section.
    @inline(never) func head(upTo number: Int) -> Int? {
        var i = number
        while i > 0 {
            if ImportSheet.isHead(line(i).view) { return i }
            i -= 1
        }
        return nil
    }

    func origin(_ number: Int) -> Int { Int(origins[number - 1].magnitude) }

    /// Hands over what is left out: the line of the other file, the key, the reason.
    func report(_ body: (Int, ByteView, ByteView) -> Void) {
        var rest = text
        var i = 1
        while i < lineCount {
            let view = ImportSheet.takeLine(&rest)
            if origins[i - 1] < 0 {
                var next = rest
                body(origin(i), view.dropFirst(2).firstWord.word, ImportSheet.takeLine(&next).dropFirst(4))
            }
            i += 1
        }
    }

    /// Where a line begins, and the line without its end.
    @inline(never) private func line(_ number: Int) -> (offset: Int, view: ByteView) {
        var rest = text
        var i = 1
        while i < number {
            _ = ImportSheet.takeLine(&rest)
            i += 1
        }
        let view = ImportSheet.takeLine(&rest)
        return (view.start - text.start, view)
    }

    private static func takeLine(_ rest: inout ByteView) -> ByteView {
        let line = rest.slice(0, rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count)
        rest = rest.dropFirst(min(line.count + 1, rest.count))
        return line
    }

    private static func isActive(_ line: ByteView) -> Bool { !line.isEmpty && line[0] != UInt8(ascii: "#") }

    private static func isHead(_ line: ByteView) -> Bool {
        let key = line.firstWord.word
        return key.equals(Option.listener.row.name) || key.equals(Option.connection.row.name)
    }

    private mutating func comment(_ number: Int) { insert(ByteView("# "), at: line(number).offset) }

    @inline(never) private mutating func insertLine(_ begin: ByteView, _ rest: ByteView, at offset: Int, _ index: Int) {
        insert(begin, at: offset)
        insert(rest, at: min(offset + begin.count, count))
        endLine(at: min(offset + begin.count + rest.count, count), index, 0)
    }

    @inline(never) private mutating func endLine(at offset: Int, _ index: Int, _ origin: Int) {
        guard lineCount < ImportSheet.maxLines else { return isFull = true }
        insert(ByteView("\n"), at: offset)
        guard !isFull else { return }
        let moved = origins + index
        UnsafeMutableRawPointer(moved + 1).copyMemory(from: moved, byteCount: (lineCount - index) * 4)
        origins[index] = Int32(truncatingIfNeeded: origin)
        lineCount += 1
    }

    @inline(never) private mutating func insert(_ view: ByteView, at offset: Int) {
        guard !isFull, view.count <= ImportSheet.capacity - count else { return isFull = true }
        (start + offset + view.count).copyBytes(from: start + offset, count: count - offset)
        view.copy(to: start + offset)
        count += view.count
    }
}
