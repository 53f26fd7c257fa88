import AgonConfiguration
import AgonTensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Selects which convolutions use minimal filtering.
public enum ConvolutionMethod: Hashable, Sendable {
    /// Each pass by its estimated cost.
    case counted
    /// None.
    case direct
    /// All, with tiles of m outputs, if applicable, and weights transformed in their pieces or beforehand.
    case filtering(m: Int, transformsWeights: Bool = false)

    /// `AGON_CONVOLUTION=direct` computes all directly.
    public static let ofEnvironment: ConvolutionMethod =
        getenv("AGON_CONVOLUTION").map { String(cString: $0) } == "direct"
        ? .direct : .counted

    /// The filtering of a pass; nil if it is computed directly.
    ///
    /// The choice depends on the problem and on the width of the vectors (`AGON_VECTOR`), not on threads.
    public func filtering(_ g: ConvolutionGeometry, _ pass: ConvolutionPass, batch: Int) -> FilteredConvolution? {
        switch self {
        case .direct: return nil
        case .filtering(let m, let transformsWeights):
            return FilteredConvolution(g, pass: pass, m: m, transformsWeights: transformsWeights)
        case .counted:
            // Less than a vector of channels is not worth a transform.
            guard min(g.inputChannels, g.outputChannels) >= 16 else { return nil }
            let candidates = (2...4).flatMap { m in
                [false, true].compactMap { FilteredConvolution(g, pass: pass, m: m, transformsWeights: $0) }
            }
            let best = candidates.min { $0.cost(batch: batch) < $1.cost(batch: batch) }
            guard let best, best.cost(batch: batch) < 0.85 * FilteredConvolution.directCost(g, batch: batch) else {
                return nil
            }
            return best
        }
    }
}

extension FilteredConvolution {
    // Work in units of one multiplication and addition of a product at its full rate, as measured on a Zen 4 core
    // (0.018 ns).

    /// Floats that a transform reads or writes per position, through the L2 cache.
    private static let transformCost = 14.0
    /// Floats of transformed weights: made by strided reads, written to memory.
    private static let weightCost = 28.0
    /// The same in a piece's cache.
    private static let cachedWeightCost = 10.0
    /// Floats of transformed weights reread by each block of tiles, if they exceed the L2 cache.
    private static let weightReadCost = 6.0

    func cost(batch: Int) -> Double {
        let g = geometry
        let products = Double((0..<positions).reduce(0) { $0 + phases(atPosition: $1).count })
        let tiles = Double(tiles(batch: batch))
        // A half panel at the end runs at two thirds of the rate.
        func columns(_ count: Int) -> Double {
            let rest = count % 32
            return Double(count - rest) + (rest == 0 ? 0 : rest <= 16 ? 22 : 32)
        }
        let work =
            products * tiles * Double(g.inputChannels * g.outputChannels)
            * columns(channelsOut) / Double(channelsOut)
        let weights = Double(positions * phases * g.inputChannels * g.outputChannels)
        if transformsWeights { return work + costOfPieces(tiles: tiles, weights: weights) }
        let transformed: Int
        switch pass {
        case .forward, .inputGradient: transformed = positions * (readPhases * channelsIn + columnPhases * channelsOut)
        case .weightGradient:
            // Output gradients are transformed again for each range of input channels.
            transformed = positions * (phases * g.inputChannels + g.outputChannels * max(1, g.inputChannels / 128))
        }
        let blocks = weights > 262_144 ? tiles / Double(blockTiles(batch: batch)) : 0
        return work + Self.transformCost * Double(transformed) * tiles
            + (Self.weightCost + Self.weightReadCost * blocks) * weights
    }

    /// The widest piece that transforms its weights, in columns of products; weight gradients have as many rows.
    static let widestPiece = 128
    /// Pieces that a convolution needs for several threads.
    private static let fewestPieces = 4

    /// Output channels of a piece that transforms its weights: as many as the widest piece has, or fewer for enough
    /// pieces.
    var columnsOfPiece: Int {
        let wanted = min(Self.widestPiece, channelsOut / Self.fewestPieces)
        return roundedUp(max(1, wanted), to: Self.panel)
    }

    /// Input channels of a piece of a weight gradient, likewise.
    var rowsOfPiece: Int {
        let columnParts = (channelsOut + Self.widestPiece - 1) / Self.widestPiece
        let wanted = min(Self.widestPiece / phases, geometry.inputChannels * columnParts / Self.fewestPieces)
        return roundedUp(max(1, wanted), to: Self.alignment)
    }

    /// What transforms take when each piece transforms its weights and the tiles that meet them. All tiles have to fit
    /// a cache for some channels, and there have to be pieces for several threads.
    private func costOfPieces(tiles: Double, weights: Double) -> Double {
        guard pass == .weightGradient || tiles <= 256 else { return .infinity }
        let (rows, columns) = (Double(depth), Double(columnPhases * channelsOut))
        let read: Double
        let written: Double
        let count: Double
        switch pass {
        case .forward, .inputGradient:
            count = (Double(channelsOut) / Double(columnsOfPiece)).rounded(.up)
            read = Double(phases * channelsIn) * count
            written = columns
        case .weightGradient:
            let rowParts = (rows / Double(rowsOfPiece * phases)).rounded(.up)
            let columnParts = (columns / Double(Self.widestPiece)).rounded(.up)
            count = rowParts * columnParts
            read = Double(readPhases * channelsIn) * columnParts
            written = columns * rowParts
        }
        guard count >= Double(Self.fewestPieces) else { return .infinity }
        return Self.transformCost * Double(positions) * tiles * (read + written) + Self.cachedWeightCost * weights
    }

    /// Gathering columns takes a fifth of the products' time, and more where there are few of them to a column.
    static func directCost(_ g: ConvolutionGeometry, batch: Int) -> Double {
        let columns = Double(batch * g.outputHeight * g.outputWidth * g.taps * g.inputChannels)
        return columns * (1.2 * Double(g.outputChannels) + 4)
    }

    /// Tiles per block: enough to reuse large weights for many products, few enough that inputs and outputs of the
    /// products stay near the L2 cache, with at least eight blocks.
    func blockTiles(batch: Int) -> Int {
        let perTile = positions * (depth + channelsOut)
        let least = packedCount > 8_388_608 ? 96 : packedCount > 262_144 ? 48 : 24
        let most = max(least, min(384, 262_144 / perTile))
        return max(1, min(most, max(least, (tiles(batch: batch) + 7) / 8)))
    }
}

/// How a step computes one pass of a convolution.
public struct ConvolutionSummary: Hashable, Sendable {
    /// The layer's config location.
    public let origin: String
    public let geometry: ConvolutionGeometry
    public let pass: ConvolutionPass
    /// `direct` or `F(m, r)`.
    public let method: String
    /// Multiplications per run: by the definition, and as computed without transforms.
    public let directMultiplications: Int
    public let multiplications: Int
}

/// Rewrites convolutions to minimal filtering, with weight transforms as separate operations: passes of a step
/// that use the same weights in the same way share them.
enum ConvolutionRewriting {
    static func run(
        _ nodes: [Node], outputs: [(name: String, value: Value)], method: ConvolutionMethod
    ) -> (nodes: [Node], outputs: [(name: String, value: Value)], convolutions: [ConvolutionSummary]) {
        var rewritten: [Node] = []
        var summaries: [ConvolutionSummary] = []
        var mapped: [Value] = []
        var transformed: [TransformKey: Value] = [:]
        func append(_ operation: Operation, _ inputs: [Value], _ shape: Shape, _ origin: ConfigPath) -> Value {
            let output = Value(index: rewritten.count, shape: shape)
            rewritten.append(Node(operation: operation, inputs: inputs, output: output, origin: origin))
            return output
        }
        for node in nodes {
            let inputs = node.inputs.map { mapped[$0.index] }
            guard let (geometry, pass) = node.operation.convolution else {
                mapped.append(append(node.operation, inputs, node.output.shape, node.origin))
                continue
            }
            let batch = inputs[0].shape[0]
            let filtering = method.filtering(geometry, pass, batch: batch)
            let direct = geometry.floatingPointOperations(batch: batch) / 2
            summaries.append(
                ConvolutionSummary(
                    origin: node.origin.description, geometry: geometry, pass: pass,
                    method: filtering?.name ?? "direct",
                    directMultiplications: direct,
                    multiplications: filtering?.multiplications(batch: batch) ?? direct))
            guard let filtering else {
                mapped.append(append(node.operation, inputs, node.output.shape, node.origin))
                continue
            }
            var operands = inputs
            if pass != .weightGradient, !filtering.transformsWeights {
                let key = TransformKey(filtering: filtering, weight: inputs[1].index)
                if transformed[key] == nil {
                    transformed[key] = append(
                        .filterWeights(filtering), [inputs[1]], [filtering.packedCount], node.origin)
                }
                operands[1] = transformed[key] ?? inputs[1]
            }
            mapped.append(append(.filteredConvolution(filtering), operands, node.output.shape, node.origin))
        }
        return (rewritten, outputs.map { ($0.name, mapped[$0.value.index]) }, summaries)
    }

    /// Transformed weights do not depend on the image's size.
    private struct TransformKey: Hashable {
        let stride: Int, pass: ConvolutionPass, m: Int, weight: Int
        /// The taps of each phase of an input gradient.
        let firstRow: Int, firstColumn: Int

        init(filtering: FilteredConvolution, weight: Int) {
            (stride, pass, m, self.weight) = (filtering.stride, filtering.pass, filtering.m, weight)
            let transposed = filtering.pass == .inputGradient
            firstRow = transposed ? filtering.geometry.paddingTop % stride : 0
            firstColumn = transposed ? filtering.geometry.paddingLeft % stride : 0
        }
    }
}

extension Operation {
    /// The convolution that the operation is a pass of.
    var convolution: (geometry: ConvolutionGeometry, pass: ConvolutionPass)? {
        switch self {
        case .convolution(let g): (g, .forward)
        case .convolutionInputGradient(let g): (g, .inputGradient)
        case .convolutionWeightGradient(let g): (g, .weightGradient)
        default: nil
        }
    }
}
