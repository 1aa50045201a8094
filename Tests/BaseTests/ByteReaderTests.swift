import Base
import TestSupport
import Testing

struct ByteReaderTests {
    @Test func `Integers are read most significant byte first`() {
        withView([0x01, 0x12, 0x34]) { view in
            var reader = ByteReader(view)
            #expect(reader.byte() == 0x01)
            #expect(reader.int16() == 0x1234)
            #expect(reader.isAtEnd)
        }
    }

    @Test func `A length and that many bytes are read`() {
        withView([0, 2, 0xA, 0xB, 0xC]) { view in
            var reader = ByteReader(view)
            #expect(reader.lengthPrefixed()?.array == [0xA, 0xB])
            #expect(reader.rest.array == [0xC])
        }
    }

    @Test func `An empty field is a field`() {
        withView([0, 0]) { view in
            var reader = ByteReader(view)
            #expect(reader.lengthPrefixed()?.isEmpty == true)
            #expect(reader.isAtEnd)
        }
    }

    @Test(arguments: [[], [0], [0, 1], [0, 3, 1, 2], [1, 0, 1], [0xFF, 0xFF, 1]] as [[UInt8]])
    func `A field that is not all there moves nothing`(bytes: [UInt8]) {
        withView(bytes) { view in
            var reader = ByteReader(view)
            #expect(reader.lengthPrefixed() == nil)
            #expect(reader.rest.array == bytes)
        }
    }

    @Test func `Reads beyond the end answer nil and move nothing`() {
        withView([7]) { view in
            var reader = ByteReader(view)
            #expect(reader.int16() == nil)
            #expect(reader.bytes(2) == nil)
            #expect(reader.byte() == 7)
            #expect(reader.byte() == nil)
            #expect(reader.bytes(0)?.isEmpty == true)
        }
    }

    @Test(arguments: seeds)
    func `What was written is read back`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let fields = (0..<50).map { _ in random.bytes(random.below(300)) }
        var space = [UInt8](repeating: 0, count: 50 * 305)
        space.withUnsafeMutableBufferPointer { buffer in
            var writer = ByteWriter(buffer.baseAddress!, capacity: buffer.count)
            for field in fields {
                writer.byte(UInt8(truncatingIfNeeded: field.count))
                withView(field) { writer.lengthPrefixed($0) }
                writer.int16(UInt16(field.count))
            }
            #expect(writer.room == buffer.count - writer.count)
            var reader = ByteReader(writer.written)
            for field in fields {
                #expect(reader.byte() == UInt8(truncatingIfNeeded: field.count))
                #expect(reader.lengthPrefixed()?.array == field)
                #expect(reader.int16() == UInt16(field.count))
            }
            #expect(reader.isAtEnd)
        }
    }

    @Test func `Writing beyond the end traps`() async {
        await #expect(processExitsWith: .failure) {
            var space: (UInt8, UInt8) = (0, 0)
            withUnsafeMutableBytes(of: &space) { bytes in
                var writer = ByteWriter(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: 1)
                writer.int16(0)
            }
        }
    }

    @Test func `Writing more bytes than there is room for traps`() async {
        await #expect(processExitsWith: .failure) {
            var space: UInt32 = 0
            withUnsafeMutableBytes(of: &space) { bytes in
                var writer = ByteWriter(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), capacity: 2)
                writer.bytes(ByteView("abc"))
            }
        }
    }
}
