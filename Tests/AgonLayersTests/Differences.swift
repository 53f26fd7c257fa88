import AgonGraph
import AgonLayers
import AgonTensors
import Testing

/// What goes into a layer or its reference: the input `x`, the `condition`, the `noise` of its stream, and the
/// variables by the rest of their names; all in memory's layout.
typealias Numbers = [String: [Double]]

/// The loss `sum(r * y) + the layers' losses` for a fixed random r, and its gradients.
private struct Found {
    var values: Numbers = [:]
    var r: [Double] = []
    var y: [Double] = []
    var losses = 0.0
    var gradients: Numbers = [:]
}

private func apply(
    _ net: Network, _ x: Tensor, condition: Tensor?, noise: Shape?, mode: NetworkMode
) throws -> Found {
    let graph = ComputeGraph()
    let input = graph.input("x", shape: x.shape)
    let given = condition.map { graph.input("condition", shape: $0.shape) }
    let losses = LayerLosses()
    let y = try net.apply(input, in: graph, mode: mode, call: "test", condition: given, losses: losses)
    let r = sample(y.shape, seed: 9)
    let extra = losses.values.reduce(graph.constant(0)) { graph.add($0, $1.value) }
    let loss = graph.add(graph.sum(graph.multiply(y, graph.input("r", shape: y.shape))), extra)
    let sources = ["x"] + net.parameters.map { String($0.name.dropFirst(net.name.count + 1)) }
    let gradients = try graph.gradients(of: loss, withRespectTo: [input] + net.parameters.map(graph.read))
    graph.output("y", y)
    graph.output("losses", extra)
    for (name, gradient) in zip(sources, gradients) { graph.output("d \(name)", gradient) }
    if let noise {
        let stream = net.layers[0].name + "/test"
        graph.output("noise", graph.random(.normal(mean: 0, deviation: 1), stream: stream, shape: noise))
    }
    let step = try CompiledStep(graph, name: "test", pool: WorkerPool(threads: 1), seed: 3)
    x.values.withUnsafeBufferPointer { x in
        r.values.withUnsafeBufferPointer { r in
            (condition?.values ?? [0]).withUnsafeBufferPointer { condition in
                guard let x = x.baseAddress, let r = r.baseAddress, let condition = condition.baseAddress else {
                    return
                }
                step.run(inputs: ["x": x, "r": r, "condition": condition])
            }
        }
    }
    func output(_ name: String) throws -> [Double] { try #require(step.output(name)).values.map(Double.init) }
    var found = Found(r: r.values.map(Double.init), y: try output("y"), losses: try output("losses")[0])
    found.values["x"] = x.values.map(Double.init)
    found.values["condition"] = condition?.values.map(Double.init)
    if noise != nil { found.values["noise"] = try output("noise") }
    for (name, parameter) in zip(sources.dropFirst(), net.parameters) {
        found.values[name] = parameter.values.map(Double.init)
    }
    for name in sources { found.gradients[name] = try output("d \(name)") }
    return found
}

/// Compares a network's output, losses and gradients with a plain computation in double precision and its central
/// differences.
func expectAgreement(
    _ net: Network, _ x: Tensor, condition: Tensor? = nil, noise: Shape? = nil, mode: NetworkMode = .training,
    reference: (Numbers) -> (y: [Double], losses: Double), sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let found = try apply(net, x, condition: condition, noise: noise, mode: mode)
    // Sums of some hundred terms in single precision.
    let tolerance = 100 * Double(Float.ulpOfOne)
    func check(_ name: String, _ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count, "\(name)", sourceLocation: sourceLocation)
        let scale = expected.reduce(0) { max($0, abs($1)) }
        for (index, (a, b)) in zip(found, expected).enumerated() where !(abs(a - b) <= tolerance * scale) {
            Issue.record("\(name)[\(index)]: \(a), expected \(b), scale \(scale)", sourceLocation: sourceLocation)
            return
        }
    }
    let expected = reference(found.values)
    check("y", found.y, expected.y)
    check("losses", [found.losses], [expected.losses])
    func loss(_ values: Numbers) -> Double {
        let result = reference(values)
        return zip(result.y, found.r).reduce(result.losses) { $0 + $1.0 * $1.1 }
    }
    // The differences err by the square of the step and by the roundings of the loss over the step, each about 1e-10.
    let step = 1e-5
    for (name, gradient) in found.gradients {
        var values = found.values
        let center = try #require(values[name])
        let differences = center.indices.map { index in
            values[name]?[index] = center[index] + step
            let above = loss(values)
            values[name]?[index] = center[index] - step
            let below = loss(values)
            values[name]?[index] = center[index]
            return (above - below) / (2 * step)
        }
        #expect(differences.contains { $0 != 0 }, "no slope by \(name)", sourceLocation: sourceLocation)
        check("d \(name)", gradient, differences)
    }
}

/// The product of a matrix `[rows, inner]` and one `[inner, columns]`.
func product(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
    (0..<rows * columns).map { index in
        let (row, column) = index.quotientAndRemainder(dividingBy: columns)
        return (0..<inner).reduce(0) { $0 + a[row * inner + $1] * b[$1 * columns + column] }
    }
}
