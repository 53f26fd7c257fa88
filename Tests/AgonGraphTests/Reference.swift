import AgonTensors

@testable import AgonGraph

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A graph evaluated node by node in double precision by the definitions of its operations: nothing is rewritten,
/// fused, computed again or kept in shared memory. What a compiled step does is held against it.
struct Reference {
    /// Each node's output, by index.
    private(set) var values: [[Double]] = []
    /// The variables after the step.
    private(set) var variables: [VariableID: [Double]] = [:]
    private let graph: ComputeGraph
    private let seed: UInt64
    private let index: Int

    /// Evaluates the graph on the variables as they stand.
    init(_ graph: ComputeGraph, inputs: [String: [Double]] = [:], seed: UInt64 = 0, index: Int = 0) {
        self.graph = graph
        self.seed = seed
        self.index = index
        values.reserveCapacity(graph.nodes.count)
        for node in graph.nodes { values.append(evaluated(node, inputs)) }
    }

    subscript(_ value: Value) -> [Double] { values[value.index] }

    private mutating func evaluated(_ node: Node, _ inputs: [String: [Double]]) -> [Double] {
        let x = node.inputs.map { values[$0.index] }
        let shapes = node.inputs.map(\.shape)
        let shape = node.output.shape
        switch node.operation {
        case .variable(let id):
            let held = variables[id] ?? id.variable.values.map(Double.init)
            variables[id] = held
            return held
        case .input(let name):
            guard let given = inputs[name] else { preconditionFailure("no input '\(name)'") }
            return given
        case .constant(let number): return [Double](repeating: Double(number), count: shape.count)
        case .random(let distribution, let stream): return drawn(distribution, stream, shape.count)
        case .unary(let function): return x[0].map { function($0) }
        case .binary(let function):
            let (a, b) = (spread(x[0], shapes[0], shape), spread(x[1], shapes[1], shape))
            return zip(a, b).map { function($0, $1) }
        case .rowMaximum: return rows(x[0], shapes[0]).map { $0.max() ?? 0 }
        case .moments: return moments(x[0], channels: shapes[0][-1])
        case .concatenate(let axis):
            var result = [Double](repeating: 0, count: shape.count)
            var start = 0
            for (part, partShape) in zip(x, shapes) {
                apply(sliceMap(of: shape, axis: axis, start: start, count: partShape[axis]).transposed, part, &result)
                start += partShape[axis]
            }
            return result
        case .matmul(let transposeA, let transposeB): return product(x, shapes, transposeA, transposeB)
        case .gram: return x.flatMap { a in x.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } } }
        case .minimumNormWeights: return MinimumNormPoint(gram: x[0], count: shape.count).weights
        case .convolution(let g): return convolution(g, x: x[0], weight: x[1])
        case .convolutionInputGradient(let g): return convolutionInputGradient(g, gradient: x[0], weight: x[1])
        case .convolutionWeightGradient(let g): return convolutionWeightGradient(g, x: x[0], gradient: x[1])
        case .maxPool(let g): return applied(maximaMap(g, x[0], shapes[0]), x[0], count: shape.count)
        case .maxPoolPick(let g): return applied(maximaMap(g, x[0], shapes[0]), x[1], count: shape.count)
        case .maxPoolGradient(let g):
            return applied(maximaMap(g, x[0], shapes[0]).transposed, x[1], count: shape.count)
        case .stopGradient: return x[0]
        case .assign(let id):
            variables[id] = x[0]
            return x[0]
        case .update(let id, let rule):
            let numbers = graph.updateRules[rule].parameters(updates: index)
            precondition(graph.updateRules[rule] is PlainDescent, "the reference knows no other rule")
            let moved = zip(x[0], x[1]).map { $0 - Double(numbers[0]) * $1 }
            variables[id] = moved
            return moved
        default:
            guard let map = linearMap(node.operation, from: shapes[0], to: shape) else {
                preconditionFailure("\(node.operation.name) has no reference")
            }
            return applied(map, x[0], count: shape.count)
        }
    }

    private func drawn(_ distribution: Distribution, _ stream: String, _ count: Int) -> [Double] {
        let stream = RandomStream(seed: seed, purpose: stream, step: UInt64(index))
        switch distribution {
        case .uniform(let low, let high): return stream.uniform(count: count, in: low..<high).map(Double.init)
        case .normal(let mean, let deviation):
            return stream.normal(count: count, mean: mean, deviation: deviation).map(Double.init)
        case .bernoulli(let probability, let value):
            return stream.uniform(count: count).map { $0 < probability ? Double(value) : 0 }
        }
    }

    private func spread(_ values: [Double], _ from: Shape, _ to: Shape) -> [Double] {
        from == to ? values : broadcastSources(of: from, in: to).map { values[$0] }
    }

    private func rows(_ values: [Double], _ shape: Shape) -> [ArraySlice<Double>] {
        let width = shape[-1]
        return stride(from: 0, to: values.count, by: width).map { values[$0..<$0 + width] }
    }

    /// Means, then variances, each over all rows.
    private func moments(_ values: [Double], channels: Int) -> [Double] {
        let count = Double(values.count / channels)
        var (mean, variance) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for (index, value) in values.enumerated() { mean[index % channels] += value / count }
        for (index, value) in values.enumerated() {
            let difference = value - mean[index % channels]
            variance[index % channels] += difference * difference / count
        }
        return mean + variance
    }

    private func product(_ x: [[Double]], _ shapes: [Shape], _ transposeA: Bool, _ transposeB: Bool) -> [Double] {
        let (m, k) = transposeA ? (shapes[0][1], shapes[0][0]) : (shapes[0][0], shapes[0][1])
        let n = transposeB ? shapes[1][0] : shapes[1][1]
        var result = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
            for column in 0..<n {
                var sum = 0.0
                for depth in 0..<k {
                    sum +=
                        x[0][transposeA ? depth * m + row : row * k + depth]
                        * x[1][transposeB ? column * k + depth : depth * n + column]
                }
                result[row * n + column] = sum
            }
        }
        return result
    }
}

/// `value -= rate * gradient`
struct PlainDescent: ParameterUpdate {
    let rate: Float
    let states: [Variable] = []
    let kernel: Int32 = 0  // AGON_UPDATE_SGD
    func parameters(updates: Int) -> [Float] { [rate, 0, 0, 0, 0, 0] }
}

extension UnaryFunction {
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .affine(let scale, let offset): Double(scale) * x + Double(offset)
        case .absolute: abs(x)
        case .sign: x > 0 ? 1 : (x < 0 ? -1 : 0)
        case .square: x * x
        case .squareRoot: x.squareRoot()
        case .reciprocal: 1 / x
        case .power(let exponent): pow(x, Double(exponent))
        case .exponential: exp(x)
        case .logarithm: log(x)
        case .tanh: hyperbolicTangent(x)
        case .sigmoid: 1 / (1 + exp(-x))
        case .softplus: max(x, 0) + log1p(exp(-abs(x)))
        case .elu(let alpha): x > 0 ? x : Double(alpha) * expm1(x)
        case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
        case .step(let threshold): x > Double(threshold) ? 1 : 0
        case .clamp(let low, let high): min(max(x, Double(low)), Double(high))
        }
    }
}

/// Inside the extension above, the case of this name hides the C library's function.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

extension BinaryFunction {
    func callAsFunction(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .maximum: max(a, b)
        case .minimum: min(a, b)
        case .greater: a > b ? 1 : 0
        case .leakyReLUGradient(let slope): b > 0 ? a : Double(slope) * a
        case .tanhGradient: a * (1 - b * b)
        case .sigmoidGradient: a * b * (1 - b)
        case .eluGradient(let alpha): b > 0 ? a : a * (b + Double(alpha))
        }
    }
}
