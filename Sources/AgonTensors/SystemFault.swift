import Foundation

/// What the system says about a failed call.
package enum SystemFault {
    /// The system's text for an error number.
    package static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        _ = strerror_r(code, &buffer, buffer.count)
        let message = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return message.isEmpty ? "error \(code)" : message
    }

    /// The error number that Foundation's file functions wrap in their own errors; nil if there is none.
    package static func code(of error: any Error) -> Int32? {
        // On Linux it is a `POSIXError`, which cannot be cast to `NSError` conditionally.
        let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
        return cause.flatMap { $0.domain == NSPOSIXErrorDomain ? Int32(exactly: $0.code) : nil }
    }

    /// The system's text for an error of Foundation's file functions, or Foundation's own text.
    package static func text(of error: any Error) -> String {
        code(of: error).map(text) ?? error.localizedDescription
    }
}
