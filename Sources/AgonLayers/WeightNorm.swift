import AgonConfiguration
import AgonGraph
import AgonTensors

/// Weight norm: `w = g v / ||v||`, the norm taken per output; variables `weight_g` and `weight_v`. At first
/// `g = ||v||`, or `g` is a fixed number and no variable.
///
/// Salimans and Kingma, "Weight Normalization", NeurIPS 2016, arXiv:1602.07868, eq. 2.
/// Differs: PyTorch's `weight_norm` takes input channels for outputs in transposed convolutions unless told `dim=1`.
public struct WeightNorm: WeightNormalization {
    public let gain: Float?

    public init(gain: Float? = nil) { self.gain = gain }

    init(from reader: ConfigReader) throws {
        gain = try reader.optionalNumber(
            "gain", in: .positive, "The length of each output's weights; trained if not given."
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
            // The weight as [outer, outputs] or [outer, outputs, inner]: one number per output then varies over one
            // axis.
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
