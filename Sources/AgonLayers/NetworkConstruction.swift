import AgonConfiguration
import AgonGraph
import AgonTensors

/// A network under construction: its variables, table rows and saved shapes so far.
final class NetworkConstruction {
    let seed: UInt64
    let initialization: Initialization
    private(set) var variables: [Variable] = []
    private(set) var rows: [LayerSummary] = []
    /// Shapes stored by save layers, and the layer that stored each.
    var saved: [String: (shape: Shape, path: ConfigPath)] = [:]
    /// The length of the condition vectors that layers may read.
    let conditionSize: Int?
    /// The channels of the dataset's images; nil if unknown.
    let dataChannels: Int?
    /// Whether a layer reads the condition.
    var readsCondition = false
    /// Whether the layers being built are frozen: their parameters become statistics.
    var isFrozen = false

    init(seed: UInt64, initialization: Initialization, conditionSize: Int? = nil, dataChannels: Int? = nil) {
        self.seed = seed
        self.initialization = initialization
        self.conditionSize = conditionSize
        self.dataChannels = dataChannels
    }

    func add(_ variable: Variable, row: Int) {
        variables.append(variable)
        if variable.role == .parameter {
            rows[row].parameterCount += variable.shape.count
        } else {
            rows[row].statisticCount += variable.shape.count
        }
    }

    /// Builds a sequence of layers; each reads the output of the previous layer.
    func build(_ layers: [any Layer], input: Shape, path: ConfigPath, name: String, depth: Int) throws -> BuiltLayer {
        var steps: [(origin: ConfigPath, layer: BuiltLayer)] = []
        var shape = input
        var index = 0
        var named: [String: LayerPlace] = [:]
        let kinds = layers.map { ($0 as? NamedLayer)?.layer ?? $0 }

        /// Builds the next layer and completes its row in the table.
        func next(_ build: (LayerSite) throws -> BuiltLayer) throws -> (origin: ConfigPath, layer: BuiltLayer) {
            let place = LayerPlace(path: path.index(index), type: layers[index].type)
            let ownName = (layers[index] as? NamedLayer)?.name
            if let ownName, let first = named.updateValue(place, forKey: ownName) {
                throw LayerError.repeatedName(place, name: ownName, first: first.path)
            }
            let site = LayerSite(
                construction: self, row: rows.count, place: place, name: "\(name).\(ownName ?? "\(index)")")
            rows.append(LayerSummary(path: "\(place.path)", name: site.name, type: place.type, depth: depth))
            let layer = try build(site)
            rows[site.row].outputShape = layer.outputShape
            rows[site.row].floatingPointOperations = layer.floatingPointOperations
            rows[site.row].mixesSamples = layer.mixesSamples
            rows[site.row].boundsOutput = layer.boundsOutput
            rows[site.row].note = layer.note
            index += 1
            return (place.path, layer)
        }

        while index < layers.count {
            let (layer, input) = (kinds[index], shape)
            let step = try next { try layer.build(input: input, at: $0) }
            shape = step.layer.outputShape
            if let upsampling = layer as? UpsampleLayer, upsampling.isNearestDoubling, index < layers.count,
                let convolution = kinds[index] as? ConvolutionLayer, convolution.foldsUpsampling
            {
                // The upsampling and this convolution become one transposed convolution on the small image; see
                // `upsampledConvolution`.
                let folded = try next { try convolution.buildUpsampled(input: input, at: $0) }
                shape = folded.layer.outputShape
                steps.append(folded)
            } else {
                steps.append(step)
            }
        }

        let sequence = steps
        let apart = sequence.allSatisfy { $0.layer.treatsSamplesApart }
        let bounding = sequence.last { !$0.layer.keepsBounds }
        return BuiltLayer(
            outputShape: shape, treatsSamplesApart: apart, boundsOutput: bounding?.layer.boundsOutput ?? false,
            keepsBounds: bounding == nil
        ) { x, call in
            let origin = call.graph.origin
            defer { call.graph.origin = origin }
            return try sequence.reduce(x) { x, step in
                call.graph.origin = step.origin
                return try step.layer.apply(x, call)
            }
        }
    }
}
