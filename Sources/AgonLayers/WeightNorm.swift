import AgonConfiguration
import AgonGraph
import AgonTensors

/// Weight norm: `w = g v / ||v||`, with the norm per output; variables `weight_g` and `weight_v`. Initially
/// `g = ||v||`, unless `g` is a fixed number instead of a variable.
///
/// Salimans and Kingma, "Weight Normalization", NeurIPS 2016, arXiv:1602.07868, eq. 2.
/// Differs: PyTorch's `weight_norm` normalises over the wrong axis (input channels) in transposed convolutions without
/// `dim=1`.
public struct WeightNorm: WeightNormalization {
    public let gain: Float?

    public init(gain: Float? = nil) { self.gain = gain }

    init(from reader: ConfigReader) throws {
        gain = try reader.optionalNumber(
            "gain", in: .positive, "The fixed norm of each output's weights; default: the norm is trained."
        )
        .map { Float($0) }
    }

    public func build(_ weight: LayerWeight, at site: LayerSite) throws -> @Sendable (NetworkCall) -> Value {
        let direction = try weight.variable("weight_v", at: site)
        var length: Variable?
        if gain == nil {
            length = try site.variable(
                "weight_g", extents: weight.perOutput, layout: weight.layout, role: weight.role, part: weight.part,
                initializer: GivenValues(values: Self.lengths(of: direction, weight)))
        }
        let outputs = weight.extents[weight.outputAxis]
        return { [gain, length] call in
            let graph = call.graph
            let v = graph.read(direction)
            // The weight as [outer, outputs] or [outer, outputs, inner], so that one value per output varies over a
            // single axis.
            let inner = weight.extents[(weight.outputAxis + 1)...].reduce(1, *)
            let rows: Shape = [v.shape.count / (outputs * inner), outputs]
            let directions = graph.reshape(v, inner == 1 ? rows : [rows[0], outputs, inner])
            let squares = graph.square(directions)
            let sums = inner == 1 ? squares : graph.reshape(graph.sum(squares, to: [rows[0], outputs, 1]), rows)
            let norm = graph.squareRoot(graph.sum(sums, to: [outputs]))
            let scale =
                length.map { graph.divide(graph.reshape(graph.read($0), [outputs]), norm) }
                ?? graph.affine(graph.reciprocal(norm), scale: gain ?? 1)
            return graph.reshape(
                graph.multiply(directions, inner == 1 ? scale : graph.reshape(scale, [1, outputs, 1])), v.shape)
        }
    }

    /// The norm of each output's weights.
    private static func lengths(of variable: Variable, _ weight: LayerWeight) -> [Float] {
        let axis = weight.outputAxis
        let inner = weight.extents[(axis + 1)...].reduce(1, *)
        let outputs = weight.extents[axis]
        var squares = [Double](repeating: 0, count: outputs)
        for (index, value) in variable.values.enumerated() {
            squares[index / inner % outputs] += Double(value) * Double(value)
        }
        return squares.map { Float($0.squareRoot()) }
    }
}

/// Values computed from another variable.
private struct GivenValues: Initializer {
    let values: [Float]

    func values(for target: InitializationTarget, stream: RandomStream) -> [Float] { values }
}
