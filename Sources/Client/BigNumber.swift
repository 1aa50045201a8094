/// A whole number of up to 1,536 bits, for what 64 do not hold: decimal digits that become a double, and those of one.
struct BigNumber {
    /// The least significant first.
    private var words = InlineArray<48, UInt32>(repeating: 0)
    /// Words in use; the last of them is not zero.
    private var count = 0

    init(_ value: UInt64) {
        add(UInt32(truncatingIfNeeded: value), at: 0)
        add(UInt32(truncatingIfNeeded: value >> 32), at: 1)
    }

    private mutating func add(_ word: UInt32, at index: Int) {
        words[index] = word
        if word != 0 { count = index + 1 }
    }

    var isZero: Bool { count == 0 }

    /// Bits from the highest that is set.
    var bitCount: Int { count == 0 ? 0 : count * 32 - words[count - 1].leadingZeroBitCount }

    /// Times `factor`, plus `addend`.
    @inline(never) mutating func multiply(by factor: UInt32, adding addend: UInt32 = 0) {
        var carry = UInt64(addend)
        var i = 0
        while i < count {
            carry += UInt64(words[i]) * UInt64(factor)
            words[i] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
            i += 1
        }
        if carry > 0 { add(UInt32(truncatingIfNeeded: carry), at: count) }
    }

    mutating func multiply(byTenTo power: Int) {
        var left = power
        while left > 0 {
            multiply(by: left >= 9 ? 1_000_000_000 : 10)
            left -= left >= 9 ? 9 : 1
        }
    }

    @inline(never) mutating func shiftLeft(_ bits: Int) {
        guard count > 0, bits > 0 else { return }
        let (whole, part) = (bits / 32, UInt32(bits % 32))
        var i = count
        count += whole + 1
        precondition(count <= words.count, "a number that is too large")
        words[count - 1] = 0
        while i > 0 {
            i -= 1
            let word = words[i]
            words[i] = 0
            if part > 0 { words[i + whole + 1] |= word >> (32 - part) }
            words[i + whole] = word << part
        }
        trim()
    }

    @inline(never) mutating func halve() {
        var i = 0
        while i < count {
            let next = i + 1 < count ? words[i + 1] : 0
            words[i] = words[i] >> 1 | next << 31
            i += 1
        }
        trim()
    }

    /// Below zero, zero or above: as this number is less than, equal to or greater than `other`.
    @inline(never) func compare(_ other: borrowing BigNumber) -> Int {
        if count != other.count { return count - other.count }
        var i = count
        while i > 0 {
            i -= 1
            if words[i] != other.words[i] { return words[i] < other.words[i] ? -1 : 1 }
        }
        return 0
    }

    /// `other` is not greater.
    @inline(never) mutating func subtract(_ other: borrowing BigNumber) {
        var borrow: UInt64 = 0
        var i = 0
        while i < count {
            let difference = UInt64(words[i]) &- UInt64(i < other.count ? other.words[i] : 0) &- borrow
            words[i] = UInt32(truncatingIfNeeded: difference)
            borrow = difference >> 63
            i += 1
        }
        trim()
    }

    private mutating func trim() {
        while count > 0, words[count - 1] == 0 { count -= 1 }
    }
}
