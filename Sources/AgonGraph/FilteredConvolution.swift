import CAgonKernels

/// The pass that a convolution's products compute.
public enum ConvolutionPass: Hashable, Sendable {
    case forward, inputGradient, weightGradient
}

/// One pass of a convolution by minimal filtering F(m, r) on tiles (`MinimalFilter`).
///
/// A convolution of stride s relates a *fine* side (its input) to a *coarse* one (its output). The fine side's `s x s`
/// phases are stride-1 problems on the coarse grid, each with `r = ceil(K / s)` taps per axis, some of which may be
/// zero:
///
/// - forward: tiles of the fine side in, phases summed like channels; tiles of the coarse side out;
/// - input gradient: tiles of the coarse side in, shared by all phases; phases side by side like channels out;
/// - weight gradient: tiles of both sides in, one product per phase and position; taps out.
public struct FilteredConvolution: Hashable, Sendable {
    public let geometry: ConvolutionGeometry
    public let pass: ConvolutionPass
    /// Outputs of a tile along an axis.
    public let m: Int
    /// Whether pieces transform weights in their caches: for small images under large weights
    /// (`LargeWeightFiltering.swift`). Else the transformed weights are a value of the graph.
    public let transformsWeights: Bool

    /// Nil if F(m, r) does not apply.
    public init?(_ geometry: ConvolutionGeometry, pass: ConvolutionPass, m: Int, transformsWeights: Bool = false) {
        let g = geometry
        guard g.groups == 1, g.dilationHeight == 1, g.dilationWidth == 1, g.kernelHeight == g.kernelWidth,
            g.strideHeight == g.strideWidth, g.strideHeight <= 2, g.paddingTop >= 0, g.paddingLeft >= 0
        else { return nil }
        (self.geometry, self.pass, self.m, self.transformsWeights) = (geometry, pass, m, transformsWeights)
        guard [2, 3, 5].contains(r), (2...4).contains(m) else { return nil }
    }

    var stride: Int { geometry.strideHeight }
    /// Taps of a phase along an axis.
    public var r: Int { (geometry.kernelHeight + stride - 1) / stride }
    /// Inputs of a tile along an axis.
    var n: Int { m + r - 1 }
    var positions: Int { n * n }
    var phases: Int { stride * stride }
    public var name: String { "F(\(m),\(r))" }

    // MARK: Tiles

    /// Tiles along the axes of an image: of outputs, or of the pixels of a phase for an input gradient.
    var tileRows: Int { tiles(along: pass == .inputGradient ? geometry.height : geometry.outputHeight) }
    var tileColumns: Int { tiles(along: pass == .inputGradient ? geometry.width : geometry.outputWidth) }

    private func tiles(along extent: Int) -> Int {
        let outputs = pass == .inputGradient ? (extent + stride - 1) / stride : extent
        return (outputs + m - 1) / m
    }

    /// The coarse pixel, relative to a phase's own, that an input gradient's last tap meets: `(b + padding - a) / s`
    /// for the pixels `s v + b`, whose taps are a, a + s, ....
    private func reach(_ phase: Int, padding: Int) -> Int { (phase + padding) / stride }

    /// Phases of the coarse side of an input gradient, an axis: two where the phases' tiles of it are a pixel apart.
    private var coarsePhases: Int {
        pass == .inputGradient && stride == 2 && (geometry.paddingTop % 2 == 1 || geometry.paddingLeft % 2 == 1) ? 2 : 1
    }

    /// The fine side: what a forward pass reads, an input gradient writes.
    var fineTiling: agon_tiling {
        let g = geometry
        let writes = pass == .inputGradient
        return agon_tiling(
            height: Int32(g.height), width: Int32(g.width), channels: Int32(g.inputChannels),
            size: Int32(writes ? m : n), spacing: Int32(stride), phases: Int32(stride), row_shift: 1, column_shift: 1,
            first_row: Int32(writes ? 0 : -g.paddingTop), first_column: Int32(writes ? 0 : -g.paddingLeft),
            step: Int32(stride * m), tile_rows: Int32(tileRows), tile_columns: Int32(tileColumns))
    }

    /// The coarse side: what a forward pass writes, an input gradient reads.
    var coarseTiling: agon_tiling {
        let g = geometry
        let reads = pass == .inputGradient
        let (row, column) = (reach(0, padding: g.paddingTop), reach(0, padding: g.paddingLeft))
        return agon_tiling(
            height: Int32(g.outputHeight), width: Int32(g.outputWidth), channels: Int32(g.outputChannels),
            size: Int32(reads ? n : m), spacing: 1, phases: Int32(coarsePhases),
            row_shift: Int32(reach(1, padding: g.paddingTop) - row),
            column_shift: Int32(reach(1, padding: g.paddingLeft) - column),
            first_row: Int32(reads ? row - (r - 1) : 0), first_column: Int32(reads ? column - (r - 1) : 0),
            step: Int32(m), tile_rows: Int32(tileRows), tile_columns: Int32(tileColumns))
    }

    /// The tilings that a block reads one after another: one for all phases of a forward pass, which are summed, or for
    /// all phases of an input gradient, if they share their tiles; else one per phase.
    var readTilings: [agon_tiling] {
        if pass != .inputGradient { return [fineTiling] }
        return coarsePhases == 1 ? [coarseTiling] : phaseList.map { coarseTiling.of(phase: $0) }
    }

    /// The tilings that a block writes one after another: one per phase for an input gradient, so that only one's
    /// positions need room in the caches.
    var writtenTilings: [agon_tiling] {
        pass == .inputGradient ? phaseList.map { fineTiling.of(phase: $0) } : [coarseTiling]
    }

    // MARK: Phases

    /// The phases (row, column) in the order of `agon_filter.h`: of a tile of the fine side, from its first pixel.
    var phaseList: [(row: Int, column: Int)] {
        stride == 1 ? [(0, 0)] : [(0, 1), (0, 0), (1, 0), (1, 1)]
    }

    /// The first tap of the pixels of a phase, along an axis: tiles of a forward pass start at the first tap, those of
    /// an input gradient at the first pixel.
    private func firstTap(_ phase: Int, padding: Int) -> Int {
        pass == .inputGradient ? (phase + padding) % stride : phase
    }

    /// The phases that a position has products for, neighbours in a forward pass. With an odd kernel, pixels whose
    /// first tap is 1 have one tap less: their filter's last coefficient is zero, and with it the product at infinity;
    /// flipped, for input gradients, its first, and with it the product at the point zero.
    func phases(atPosition position: Int) -> [Int] {
        guard stride == 2, geometry.kernelHeight % 2 == 1 else { return Array(0..<phases) }
        let short = pass == .inputGradient ? 0 : n - 1
        return phaseList.indices.filter { index in
            let phase = phaseList[index]
            return !(position / n == short && firstTap(phase.row, padding: geometry.paddingTop) == 1)
                && !(position % n == short && firstTap(phase.column, padding: geometry.paddingLeft) == 1)
        }
    }

    /// The convolution's tap (row, column) that is tap (i, j) of a phase; nil for a zero.
    func tap(_ i: Int, _ j: Int, ofPhase phase: (row: Int, column: Int)) -> Int? {
        let k = geometry.kernelHeight
        let (down, across) = pass == .inputGradient ? (r - 1 - i, r - 1 - j) : (i, j)
        let row = stride * down + firstTap(phase.row, padding: geometry.paddingTop)
        let column = stride * across + firstTap(phase.column, padding: geometry.paddingLeft)
        return row < k && column < k ? row * k + column : nil
    }

    // MARK: Sizes

    /// Channels read and written by the products, per phase.
    var channelsIn: Int { pass == .inputGradient ? geometry.outputChannels : geometry.inputChannels }
    var channelsOut: Int { pass == .inputGradient ? geometry.inputChannels : geometry.outputChannels }
    /// Phases that the products sum over, that stand side by side in their columns, and that a tile is read for.
    var depthPhases: Int { pass == .inputGradient ? 1 : phases }
    var columnPhases: Int { pass == .inputGradient ? phases : 1 }
    var readPhases: Int { pass == .inputGradient ? coarsePhases * coarsePhases : phases }
    var depth: Int { channelsIn * depthPhases }

    /// Rows of the products' matrices are multiples of this.
    static let alignment = Int(AGON_FILTER_ALIGNMENT)
    /// Columns of a panel of packed weights on this processor.
    static let panel = Int(agon_vector().pointee.filter.panel)
    var panelStride: Int { depth * FilteredConvolution.panel }
    var panelsPerPhase: Int { (channelsOut + FilteredConvolution.panel - 1) / FilteredConvolution.panel }
    /// Floats from one position's packed weights to the next: not a power of two, so that cache sets differ.
    var positionStride: Int { columnPhases * panelsPerPhase * panelStride + 16 }
    /// Floats of the transformed weights.
    var packedCount: Int { positions * positionStride }

    func tiles(batch: Int) -> Int { batch * tileRows * tileColumns }

    /// Multiplications of the products.
    func multiplications(batch: Int) -> Int {
        let products = (0..<positions).reduce(0) { $0 + phases(atPosition: $1).count }
        return products * tiles(batch: batch) * geometry.inputChannels * geometry.outputChannels
    }
}

extension agon_tiling {
    /// The tiles of one phase alone.
    func of(phase: (row: Int, column: Int)) -> agon_tiling {
        guard phases > 1 else { return self }
        var tiling = self
        tiling.phases = 1
        tiling.first_row += Int32(phase.row) * row_shift
        tiling.first_column += Int32(phase.column) * column_shift
        return tiling
    }
}
