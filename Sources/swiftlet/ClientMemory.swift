import Base

/// What the options of `swiftlet pub` and `sub` stand in. Of what is not touched nothing is taken.
struct ClientMemory {
    let text: UnsafeMutablePointer<UInt8>
    let password: UnsafeMutablePointer<UInt8>
    let path: UnsafeMutablePointer<UInt8>
    let zone: UnsafeMutablePointer<UInt8>
    let clientID: UnsafeMutablePointer<UInt8>
    private let lists: UnsafeMutablePointer<ByteView>

    /// The longest file of options, and a byte that ends its last line.
    static var textBytes: Int { 65_536 }
    static var passwordBytes: Int { 131_072 }
    static var pathBytes: Int { 4096 }
    static var clientIDBytes: Int { 65_536 }
    private static var listsBytes: Int { 3 * FilterList.capacity * MemoryLayout<ByteView>.stride }
    static var bytes: Int {
        listsBytes + textBytes + passwordBytes + pathBytes + ClientEnvironment.zoneBytes + clientIDBytes
    }

    init(_ memory: UnsafeMutableRawPointer) {
        lists = memory.assumingMemoryBound(to: ByteView.self)
        text = (memory + ClientMemory.listsBytes).assumingMemoryBound(to: UInt8.self)
        password = text + ClientMemory.textBytes
        path = password + ClientMemory.passwordBytes
        zone = path + ClientMemory.pathBytes
        clientID = zone + ClientEnvironment.zoneBytes
    }

    /// Room for one of the three lists.
    func filters(_ index: Int) -> UnsafeMutablePointer<ByteView> { lists + index * FilterList.capacity }
}
