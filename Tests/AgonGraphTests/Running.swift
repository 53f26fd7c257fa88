import AgonTensors
import Testing

@testable import AgonGraph

extension CompiledStep {
    /// Runs the step on copies of the given values.
    func run(_ inputs: [String: [Float]], index: Int = 0) {
        let copies = inputs.mapValues { values in
            let copy = UnsafeMutablePointer<Float>.allocate(capacity: max(values.count, 1))
            copy.initialize(repeating: 0, count: max(values.count, 1))
            for (place, value) in values.enumerated() { copy[place] = value }
            return copy
        }
        defer { for copy in copies.values { copy.deallocate() } }
        run(inputs: copies.mapValues { UnsafePointer($0) }, index: index)
    }

    /// The values of an output.
    func values(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [Float] {
        try #require(output(name), "no output '\(name)'", sourceLocation: sourceLocation).values
    }
}

extension ComputeGraph {
    func compiled(
        threads: Int = 1, seed: UInt64 = 0, convolutions: ConvolutionMethod = .counted, arena: StepArena = StepArena()
    ) throws -> CompiledStep {
        try CompiledStep(
            self, name: "test", pool: WorkerPool(threads: threads), seed: seed, convolutions: convolutions,
            arena: arena)
    }

    /// Compiles the graph, runs it once and holds all outputs and variables against the reference.
    func expectAsReference(
        _ inputs: [String: [Float]] = [:], threads: Int = 1, seed: UInt64 = 0, tolerance: Double = 1e-5,
        convolutions: ConvolutionMethod = .counted, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let step = try compiled(threads: threads, seed: seed, convolutions: convolutions)
        try step.expectAsReference(
            self, inputs, seed: seed, tolerance: tolerance, comment, sourceLocation: sourceLocation)
    }
}

extension CompiledStep {
    /// Runs the step and holds all outputs and variables against the reference.
    func expectAsReference(
        _ graph: ComputeGraph, _ inputs: [String: [Float]] = [:], seed: UInt64 = 0, index: Int = 0,
        tolerance: Double = 1e-5, floor: Double = 0.01, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let reference = Reference(graph, inputs: inputs.mapValues { $0.map(Double.init) }, seed: seed, index: index)
        run(inputs, index: index)
        for (name, value) in graph.outputs {
            expectClose(
                try values(name), reference[value], "\(comment) \(name) \(value.shape)", tolerance: tolerance,
                floor: floor, sourceLocation: sourceLocation)
        }
        for (id, expected) in reference.variables {
            expectClose(
                id.variable.values, expected, "\(comment) \(id.variable.name)", tolerance: tolerance,
                floor: floor, sourceLocation: sourceLocation)
        }
    }
}

/// Checks each element to within `tolerance` times the greatest magnitude expected (or `floor`, for what cancels to
/// zero).
/// The default is some hundred roundings of single precision.
func expectClose(
    _ found: [Float], _ expected: [Double], _ what: String = "", tolerance: Double = 1e-5, floor: Double = 0.01,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.count == expected.count else {
        Issue.record("\(what): \(found.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    let scale = expected.reduce(floor) { max($0, abs($1)) }
    var (worst, distance) = (0, -1.0)
    for index in found.indices {
        let difference = abs(Double(found[index]) - expected[index])
        // Written so that a NaN is the worst.
        if !(difference <= distance) { (worst, distance) = (index, difference) }
        if difference.isNaN { break }
    }
    if found.isEmpty || distance <= tolerance * scale { return }
    Issue.record(
        """
        \(what): element \(worst) of \(found.count) is \(found[worst]), expected \(expected[worst]), \
        off by \(distance), bound \(tolerance * scale)
        """, sourceLocation: sourceLocation)
}

/// Uniform numbers in a range, of their own for each seed.
func uniform(_ count: Int, in range: Range<Float> = -1..<1, seed: UInt64) -> [Float] {
    RandomStream(seed: seed, purpose: "test").uniform(count: count, in: range)
}

/// Uniform numbers whose magnitudes stay above a bound: away from the kinks at zero.
func awayFromZero(_ count: Int, magnitude: Range<Float> = 0.2..<1.5, seed: UInt64) -> [Float] {
    let signs = RandomStream(seed: seed, purpose: "signs").bits(count: count)
    return zip(uniform(count, in: magnitude, seed: seed), signs).map { $1 & 1 == 0 ? $0 : -$0 }
}
