/// Why recorded cases cannot be verified.
public enum VerificationError: Error, Equatable, Sendable {
    /// A folder without recorded cases.
    case noCases(folder: String)
    case unreadableFolder(path: String, reason: String)
}

extension VerificationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noCases(let folder):
            "\(folder): contains no recorded cases (GROUP/NAME.safetensors)"
        case .unreadableFolder(let path, let reason): "\(path): cannot read this folder: \(reason)"
        }
    }
}
