/// Why a network cannot be written for other programs.
public enum ExportError: Error, Equatable, Sendable {
    /// An operation that has no counterpart in the format, or that makes outputs differ from run to run.
    case unsupported(operation: String, origin: String, reason: String)
    case wrongEnding(path: String)
}

extension ExportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsupported(let operation, let origin, let reason):
            (origin.isEmpty ? "" : "\(origin): ") + "'\(operation)' cannot be exported: \(reason)"
        case .wrongEnding(let path): "\(path): expected a file that ends in .onnx"
        }
    }
}
