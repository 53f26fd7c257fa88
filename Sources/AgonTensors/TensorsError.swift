import AgonConfiguration

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Errors of the numerical libraries and of array files.
public enum TensorsError: Error, Equatable, Sendable {
    /// No usable BLAS; the message says what to install.
    case blasUnavailable(message: String)
    case lapackUnavailable
    /// LAPACK's `info`: negative for argument `-info` (a value that is not finite), positive for no convergence.
    case lapackFailed(routine: String, info: Int)
    /// The system cannot start another thread.
    case noThread(purpose: String, code: Int32)
    /// A system call failed while reading a file.
    case cannotRead(path: String, code: Int32)
    /// A system call failed while writing a file.
    case cannotWrite(path: String, code: Int32)
    /// A malformed file: truncated, with inconsistent sizes, or of another format.
    case malformed(path: String, format: String, problem: String)
    /// A file without the requested array; `existing` are its names.
    case noTensor(path: String, name: String, existing: [String])
    /// An array of a type that the caller cannot use.
    case wrongType(path: String, name: String, type: String, wanted: String)
}

extension TensorsError {
    /// Whether a file exists but could not be read, whatever it contains.
    package var isReadFailure: Bool {
        if case .cannotRead(_, let code) = self { return code != ENOENT }
        return false
    }

    /// Whether the cause is transient, such as a full disk, rather than a wrong request.
    package var isPassing: Bool {
        switch self {
        case .noThread: return true
        case .cannotRead(_, let code), .cannotWrite(_, let code): return PassingCodes.contains(code)
        default: return false
        }
    }
}

extension TensorsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .blasUnavailable(let message):
            return message
        case .lapackUnavailable:
            return "LAPACKE: not found on this machine; install it with `apt-get install liblapacke`"
        case .lapackFailed(let routine, let info) where info < 0:
            return "LAPACK \(routine): argument \(-info) holds a value that is not a finite number"
        case .lapackFailed(let routine, let info):
            return "LAPACK \(routine): no convergence (info \(info)); look for extreme values in the data"
        case .noThread(let purpose, let code):
            return
                "cannot start a thread for '\(purpose)' (\(SystemFault.text(of: code))); raise the process limit (ulimit -u or "
                + "the control group's), or run fewer programs at once"
        case .cannotRead(let path, let code):
            return "\(path): cannot read (\(SystemFault.text(of: code)))" + Self.remedy(reading: code)
        case .cannotWrite(let path, let code):
            return "\(path): cannot write (\(SystemFault.text(of: code)))" + Self.remedy(writing: code)
        case .malformed(let path, let format, let problem):
            return "\(path): not a valid \(format) file: \(problem)"
        case .noTensor(let path, let name, let existing):
            return "\(path): no tensor '\(name)'" + Self.suggestion(for: name, among: existing)
        case .wrongType(let path, let name, let type, let wanted):
            return "\(path): tensor '\(name)' is \(type), expected \(wanted)"
        }
    }

    private static func remedy(reading code: Int32) -> String {
        switch code {
        case ENOENT: "; check the path"
        case EACCES, EPERM: "; check its permissions"
        case EISDIR: "; give the path of a file in it"
        default: ""
        }
    }

    private static func remedy(writing code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: "; free some space and run again"
        case EACCES, EPERM, EROFS: "; choose a folder that you may write to"
        case ENOENT: "; its folder does not exist"
        case ENOTDIR: "; a file has the name of its folder"
        case EISDIR: "; a folder has this name"
        default: ""
        }
    }

    private static func suggestion(for name: String, among existing: [String]) -> String {
        if existing.isEmpty { return "; it has none" }
        if let nearest = nearestName(to: name, in: existing) { return ". Did you mean '\(nearest)'?" }
        let shown = existing.prefix(8).joined(separator: ", ")
        return "; it has \(shown)" + (existing.count > 8 ? " and \(existing.count - 8) more" : "")
    }
}
