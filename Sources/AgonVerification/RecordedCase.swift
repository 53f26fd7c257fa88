import AgonConfiguration
import AgonGraph
import AgonTensors
import Foundation

/// A recorded case under replay: its attributes and tensors, and the errors of computed values.
final class RecordedCase {
    let name: String
    let kind: String
    let operation: String
    /// Reads the attributes; unread ones make the case fail.
    let attributes: ConfigReader
    let pool: WorkerPool
    private(set) var comparisons: [(tensor: String, error: Double)] = []
    /// The allowed error; a case of an ill-conditioned metric may widen it.
    var bound = Verification.bound
    private let file: SafetensorsFile
    private var used: Set<String> = []

    /// Throws `TensorsError` for an invalid safetensors file, `RecordedCaseError` or `ConfigError` for metadata.
    init(name: String, path: String, pool: WorkerPool) throws {
        file = try SafetensorsFile(path: path)
        self.name = name
        self.pool = pool
        guard let text = file.metadata["case"] else { throw RecordedCaseError.noMetadata }
        let node = try ConfigNode.parse(text, file: "metadata 'case'")
        guard let kind = node["kind"]?.string, let operation = node["op"]?.string else {
            throw RecordedCaseError.noKind
        }
        for key in node.object?.keys ?? [] where !["kind", "op", "attributes"].contains(key) {
            throw RecordedCaseError.unknownKey(key)
        }
        self.kind = kind
        self.operation = operation
        attributes = try ConfigReader(node["attributes"] ?? [:], path: ConfigPath.root.key("attributes"))
    }

    /// Computes the case and compares all expected values of the file.
    func replay() throws {
        let replays: [String: (RecordedCase) throws -> Void] = [
            "operation": replayOperation, "running_statistics": replayRunningStatistics,
            "spectral_norm": replaySpectralNorm, "loss": replayLoss, "weights": replayWeights,
            "minimum_norm": replayMinimumNorm, "gradient_penalty": replayGradientPenalty,
            "optimizer": replayOptimizer, "metric": replayMetric,
        ]
        guard let replay = replays[kind] else {
            throw RecordedCaseError.unknown("kind", kind, known: replays.keys.sorted())
        }
        // Remarks for people.
        _ = try attributes.optionalString("note", "A remark on the case.")
        try replay(self)
        try attributes.finish()
        if let unused = file.entries.first(where: { !used.contains($0.name) }) {
            throw RecordedCaseError.unknownTensor(unused.name)
        }
    }

    // MARK: Tensors

    var tensorNames: [String] { file.entries.map(\.name) }

    /// The inputs of an operation or loss, ordered by name, `x2` before `x10`.
    var inputNames: [String] {
        tensorNames.filter { $0 != "output" && $0 != "loss" && !$0.hasPrefix("grad.") }
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    }

    func has(_ name: String) -> Bool { file.contains(name) }

    func tensor(_ name: String) throws -> Tensor {
        used.insert(name)
        let tensor = try file.tensor(name)
        guard tensor.shape.count > 0 else { throw RecordedCaseError.impossible("tensor '\(name)' is empty") }
        return tensor
    }

    /// A tensor whose rank is in `ranks`.
    func tensor(_ name: String, rank ranks: Int...) throws -> Tensor {
        let tensor = try tensor(name)
        guard ranks.contains(tensor.shape.rank) else {
            throw RecordedCaseError.rank(name, tensor.shape, expected: ranks)
        }
        return tensor
    }

    /// Compares with the expected tensor, both in PyTorch's layout.
    func compare(_ name: String, _ found: Tensor) throws {
        let expected = try tensor(name)
        guard expected.shape == found.shape else {
            throw RecordedCaseError.shape(name, found: found.shape, expected: expected.shape)
        }
        try compare(name, found.values.map(Double.init))
    }

    /// Compares numbers in order, ignoring the shape.
    func compare(_ name: String, _ found: [Double]) throws {
        let expected = try tensor(name).values.map(Double.init)
        guard expected.count == found.count else {
            throw RecordedCaseError.shape(name, found: [found.count], expected: [expected.count])
        }
        let scale = expected.reduce(0) { max($0, abs($1)) }
        var worst = 0.0
        for (expected, found) in zip(expected, found) {
            let difference = abs(expected - found)
            // Comparisons with NaN are false; non-finite values must not pass as equal.
            worst = difference.isFinite ? max(worst, difference) : .infinity
        }
        // If all expected values are zero, the error is absolute.
        comparisons.append((name, scale > 0 ? worst / scale : worst))
    }
}

/// Why a case cannot be replayed.
enum RecordedCaseError: Error, CustomStringConvertible {
    case noMetadata
    case noKind
    case unknownKey(String)
    case unknown(String, String, known: [String])
    case unknownTensor(String)
    case unsupported(attribute: String, value: String, expected: String)
    case rank(String, Shape, expected: [Int])
    case shape(String, found: Shape, expected: Shape)
    case impossible(String)

    var description: String {
        switch self {
        case .noMetadata: "the file has no metadata 'case'"
        case .noKind: "metadata 'case' needs the strings 'kind' and 'op'"
        case .unknownKey(let key): "metadata 'case' has the unknown key '\(key)'"
        case .unknown(let what, let name, let known):
            "unknown \(what) '\(name)'; known: \(known.joined(separator: ", "))"
        case .unknownTensor(let name): "tensor '\(name)' has no meaning in this case"
        case .unsupported(let attribute, let value, let expected):
            "attribute '\(attribute)' is \(value), expected \(expected)"
        case .rank(let name, let shape, let expected):
            "tensor '\(name)' has the shape \(shape), expected "
                + "\(expected.map(String.init).joined(separator: " or ")) axes"
        case .shape(let name, let found, let expected): "'\(name)' has the shape \(found), the file expects \(expected)"
        case .impossible(let problem): problem
        }
    }
}
