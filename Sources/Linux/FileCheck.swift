import Base
import CPlatform

/// What this process may do with a file. It may be otherwise by the time it does it.
public enum FileCheck {
    public enum Wanted: UInt8 {
        case readable, writable, runnable
    }

    public enum Answer {
        case fine
        /// A folder, or nothing that can run.
        case irregular
        /// With the system's number.
        case failed(Int32)
    }

    /// `path` ends with a zero byte.
    public static func ask(_ wanted: Wanted, _ path: UnsafePointer<CChar>) -> Answer {
        let what =
            switch wanted {
            case .readable: SWL_MAY_READ
            case .writable: SWL_MAY_WRITE
            case .runnable: SWL_MAY_RUN
            }
        let result = swl_may(path, Int32(what))
        return result >= 0 ? .fine : Int(result) == SWL_IRREGULAR ? .irregular : .failed(System.error(result))
    }

    /// Whether users have no need of a right to read it.
    public static func isPublic(_ path: UnsafePointer<CChar>) -> Bool { swl_is_public(path) != 0 }
}
