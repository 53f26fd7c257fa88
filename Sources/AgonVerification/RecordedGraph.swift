import AgonGraph
import AgonTensors

/// A graph whose inputs are the tensors of a case, turned from PyTorch's layout into memory's and back.
final class RecordedGraph {
    let graph = ComputeGraph()
    let recorded: RecordedCase
    private var bound: [(name: String, value: Value, tensor: Tensor, layout: BorderLayout)] = []

    init(_ recorded: RecordedCase) { self.recorded = recorded }

    /// A tensor of the case as an input.
    func input(_ name: String, _ layout: BorderLayout = .plain) throws -> Value {
        try input(name, try recorded.tensor(name), layout)
    }

    func input(_ name: String, _ tensor: Tensor, _ layout: BorderLayout) throws -> Value {
        let inside = try layout.entering(tensor, name: name)
        let value = graph.input(name, shape: inside.shape)
        bound.append((name, value, inside, layout))
        return value
    }

    /// An optional tensor.
    func optionalInput(_ name: String, _ layout: BorderLayout = .plain) throws -> Value? {
        recorded.has(name) ? try input(name, layout) : nil
    }

    /// Images, channels last in memory.
    func image(_ name: String) throws -> Value {
        _ = try recorded.tensor(name, rank: 4)
        return try input(name, .channelsLast)
    }

    /// Adds `grad.X` of the scalar for each X whose gradient the file expects, runs, and compares these and `expected`.
    func compare(
        _ expected: [(name: String, value: Value, layout: BorderLayout)], gradientsOf scalar: Value
    ) throws {
        let wanted = bound.filter { recorded.has("grad.\($0.name)") && $0.name != "grad.output" }
        let gradients = try graph.gradients(of: scalar, withRespectTo: wanted.map(\.value))
        let results =
            expected
            + zip(wanted, gradients).map { (name: "grad.\($0.name)", value: $1, layout: $0.layout) }
        for result in results { graph.output(result.name, result.value) }
        let step = try run()
        for result in results {
            guard let found = step.output(result.name) else {
                throw RecordedCaseError.impossible("the graph has no output '\(result.name)'")
            }
            try recorded.compare(result.name, result.layout.leaving(found))
        }
    }

    /// Compiles the graph and runs it once.
    func run() throws -> CompiledStep {
        let step = try CompiledStep(graph, name: recorded.name, pool: recorded.pool, seed: 0)
        step.run(values: Dictionary(bound.map { ($0.name, $0.tensor.values) }, uniquingKeysWith: { _, last in last }))
        return step
    }

    private typealias Bound = (name: String, value: Value, tensor: Tensor, layout: BorderLayout)
}

/// Maps a tensor's axes in memory to those in files.
enum BorderLayout {
    case plain
    /// `[N, C, ...]` in files, `[N, ..., C]` in memory.
    case channelsLast
    /// One sample without the batch: `[C, ...]` in files, `[..., C]` in memory.
    case sample
    /// `[out, in, kh, kw]` or `[in, out, kh, kw]` in files, the other way round in memory.
    case convolutionWeight
    /// A matrix transposed.
    case transposed
    /// An axis moved to the end.
    case last(Int)

    /// Axis `i` of memory is axis `order[i]` of the file.
    private func order(rank: Int) -> [Int] {
        switch self {
        case .plain: Array(0..<rank)
        case .channelsLast: rank < 3 ? Array(0..<rank) : [0] + Array(2..<rank) + [1]
        case .sample: rank < 2 ? Array(0..<rank) : Array(1..<rank) + [0]
        case .convolutionWeight: [2, 3, 1, 0]
        case .transposed: [1, 0]
        case .last(let axis): (0..<rank).filter { $0 != axis } + [axis]
        }
    }

    func entering(_ tensor: Tensor, name: String) throws -> Tensor {
        let order = order(rank: tensor.shape.rank)
        guard order.count == tensor.shape.rank, order.allSatisfy({ $0 < tensor.shape.rank }) else {
            throw RecordedCaseError.rank(name, tensor.shape, expected: [order.count])
        }
        return tensor.permuted(order)
    }

    func leaving(_ tensor: Tensor) -> Tensor {
        let order = order(rank: tensor.shape.rank)
        var inverse = order
        for (position, axis) in order.enumerated() { inverse[axis] = position }
        return tensor.permuted(inverse)
    }
}
