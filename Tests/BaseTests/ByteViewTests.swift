import Base
import TestSupport
import Testing

struct ByteViewTests {
    private static let bytes = Array("swiftlet/topic".utf8)

    @Test func `Every slice is the slice of the array`() {
        let bytes = ByteViewTests.bytes
        withView(bytes) { view in
            for first in 0...bytes.count {
                for end in first...bytes.count { #expect(view.slice(first, end).array == Array(bytes[first..<end])) }
                #expect(view.dropFirst(first).array == Array(bytes[first...]))
            }
        }
    }

    @Test func `Views are equal when their bytes are`() {
        let bytes = ByteViewTests.bytes
        #expect(withView(bytes) { $0.equals("swiftlet/topic") })
        #expect(!withView(bytes) { $0.equals("swiftlet/topi") })
        #expect(!withView(bytes) { $0.equals("swiftlet/topix") })
        #expect(ByteView.empty.equals(""))
    }

    @Test func `A view starts with each of its beginnings and with nothing else`() {
        let view = ByteView("abc")
        #expect(view.starts(with: ""))
        #expect(view.starts(with: "ab"))
        #expect(view.starts(with: "abc"))
        #expect(!view.starts(with: "abcd"))
        #expect(!view.starts(with: "b"))
    }

    @Test func `The first of several equal bytes is found`() {
        #expect(ByteView("abcb").firstIndex(of: UInt8(ascii: "b")) == 1)
        #expect(ByteView("abcb").firstIndex(of: UInt8(ascii: "x")) == nil)
        #expect(ByteView.empty.firstIndex(of: 0) == nil)
    }

    @Test func `Copying writes the view's bytes and no more`() {
        var target = [UInt8](repeating: 0, count: 5)
        target.withUnsafeMutableBufferPointer { ByteView("abc").copy(to: $0.baseAddress! + 1) }
        #expect(target == [0, 97, 98, 99, 0])
    }

    @Test func `Reading beyond the end traps`() async {
        await #expect(processExitsWith: .failure) { _ = ByteView("abc")[3] }
    }

    @Test func `Slicing beyond the end traps`() async {
        await #expect(processExitsWith: .failure) { _ = ByteView("abc").slice(1, 4) }
    }

    @Test func `Slicing backwards traps`() async {
        await #expect(processExitsWith: .failure) { _ = ByteView("abc").slice(2, 1) }
    }
}
