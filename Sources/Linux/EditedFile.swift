import Base
import CPlatform

/// A file that is read to be replaced: by a whole new one, or not at all. Others who edit it wait meanwhile.
public struct EditedFile {
    private let path: UnsafePointer<CChar>
    private let descriptor: Int32

    public enum Opened {
        case file(EditedFile)
        case absent
        /// A folder, a device or the like.
        case irregular
        /// With the system's number.
        case failed(Int32)
    }

    private init(_ path: UnsafePointer<CChar>, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    public static func open(_ path: UnsafePointer<CChar>) -> Opened {
        let descriptor = swl_open_edited(path)
        return switch Int(descriptor) {
        case 0...: .file(EditedFile(path, descriptor))
        case SWL_ABSENT: .absent
        case SWL_IRREGULAR: .irregular
        default: .failed(System.error(descriptor))
        }
    }

    /// One that is not there yet, and comes with `replace`.
    public static func new(_ path: UnsafePointer<CChar>) -> EditedFile { EditedFile(path, -1) }

    public func close() {
        if descriptor >= 0 { _ = swl_close(descriptor) }
    }

    public func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> System.FileResult {
        System.read(descriptor, into: target, capacity: capacity)
    }

    /// Puts `text` in its place, with its mode and owner. Nil when all is well; or the system's number for what is
    /// not, and then the old file is as it was.
    public func replace(_ text: ByteView) -> Int32? {
        let result = swl_replace(path, descriptor, text.start, text.count)
        return result < 0 ? System.error(result) : nil
    }
}
