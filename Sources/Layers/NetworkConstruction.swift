import Graph
import Tensors

/// A network under construction: the variables, table rows and saved shapes so far.
final class NetworkConstruction {
    let seed: UInt64
    let initialization: Initialization
    private(set) var variables: [Variable] = []
    private(set) var rows: [LayerSummary] = []
    /// What save layers kept: the shape, and the layer that kept it.
    var saved: [String: (shape: Shape, path: String)] = [:]

    init(seed: UInt64, initialization: Initialization) {
        self.seed = seed
        self.initialization = initialization
    }

    func add(_ variable: Variable, row: Int) {
        variables.append(variable)
        if variable.role == .parameter {
            rows[row].parameterCount += variable.shape.count
        } else {
            rows[row].statisticCount += variable.shape.count
        }
    }

    /// Layers one after another, each on the output of the one before.
    func build(_ layers: [any Layer], input: Shape, path: String, name: String, depth: Int) throws -> BuiltLayer {
        var steps: [(origin: String, layer: BuiltLayer)] = []
        var shape = input
        var index = 0

        /// Builds the next layer and completes its row in the table.
        func next(_ build: (LayerSite) throws -> BuiltLayer) throws -> (origin: String, layer: BuiltLayer) {
            let place = LayerPlace(path: "\(path)[\(index)]", type: layers[index].type)
            let site = LayerSite(construction: self, row: rows.count, place: place, name: "\(name).\(index)")
            rows.append(LayerSummary(path: place.path, name: site.name, type: place.type, depth: depth))
            let layer = try build(site)
            rows[site.row].outputShape = layer.outputShape
            rows[site.row].floatingPointOperations = layer.floatingPointOperations
            rows[site.row].note = layer.note
            index += 1
            return (place.path, layer)
        }

        while index < layers.count {
            let (layer, input) = (layers[index], shape)
            let step = try next { try layer.build(input: input, at: $0) }
            shape = step.layer.outputShape
            if let upsampling = layer as? UpsampleLayer, upsampling.isNearestDoubling, index < layers.count,
                let convolution = layers[index] as? ConvolutionLayer, convolution.foldsUpsampling
            {
                // The pair is one transposed convolution on the small image; see `upsampledConvolution`.
                let folded = try next { try convolution.buildUpsampled(input: input, at: $0) }
                shape = folded.layer.outputShape
                steps.append(folded)
            } else {
                steps.append(step)
            }
        }

        let sequence = steps
        let apart = sequence.allSatisfy { $0.layer.treatsSamplesApart }
        return BuiltLayer(outputShape: shape, treatsSamplesApart: apart) { x, call in
            let origin = call.graph.origin
            defer { call.graph.origin = origin }
            return try sequence.reduce(x) { x, step in
                call.graph.origin = step.origin
                return try step.layer.apply(x, call)
            }
        }
    }
}
