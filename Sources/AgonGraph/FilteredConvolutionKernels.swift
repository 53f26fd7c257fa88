import AgonTensors
import CAgonKernels

extension Lowering {
    // MARK: Weights

    /// `G w Gᵀ` of all pairs of channels, packed in panels for the products. Pieces are some rows of the products'
    /// weights.
    func lowerFilterWeights(_ f: FilteredConvolution, _ node: Node, _ lowered: inout LoweredGroup) {
        let (w, packed) = (address(node.inputs[0].index), address(node.output.index))
        let g = f.geometry
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let filter = vector.filter
        lowered.name = "filterWeights \(f.name)"
        let parts = pieces(of: f.channelsIn, size: 16)
        let phases = f.phaseList
        let transposed = f.pass == .inputGradient
        // A forward pass has the phases' weights one below the other, an input gradient side by side.
        let count = transposed ? parts.count : parts.count * phases.count
        let gathered = transposed ? g.taps * 16 * cin : 0
        lowered.tasks.append(
            KernelTask(pieces: count, scratch: gathered + FilteredConvolution.panel) { piece, scratch in
                let zeros = scratch + gathered
                zeros.update(repeating: 0, count: FilteredConvolution.panel)
                let rows = parts[piece % parts.count]
                if transposed {
                    for tap in 0..<g.taps {
                        agon_transpose(
                            w.constant + tap * cin * cout + rows.lowerBound, Int64(cin), Int64(rows.count),
                            Int64(cout), scratch + tap * 16 * cin, Int64(cin))
                    }
                }
                for (index, phase) in phases.enumerated() where transposed || index == piece / parts.count {
                    func source(_ tap: Int) -> UnsafePointer<Float> {
                        transposed
                            ? UnsafePointer(scratch + tap * 16 * cin)
                            : w.constant + (tap * cin + rows.lowerBound) * cout
                    }
                    withTaps(f, phase, source) { taps in
                        let place =
                            transposed
                            ? index * f.panelsPerPhase * f.panelStride + rows.lowerBound * FilteredConvolution.panel
                            : (index * cin + rows.lowerBound) * FilteredConvolution.panel
                        filter.read_weights?(
                            Int32(f.n), Int32(f.r), taps, Int64(f.channelsOut), Int64(rows.count),
                            Int64(f.channelsOut), zeros, packed.pointer + place, Int64(f.positionStride),
                            Int64(f.panelStride))
                    }
                }
            })
    }

    // MARK: Forward and input gradient

    /// Blocks of tile rows: transforms the tiles, multiplies each position, transforms back, runs the program while it
    /// is cached. An input gradient does so phase by phase. If blocks are few, each is split into ranges of output
    /// channels, which transform the tiles again.
    func lowerFilteredConvolution(
        _ f: FilteredConvolution, _ node: Node, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        if f.pass == .weightGradient { return lowerFilteredWeightGradient(f, node, &lowered) }
        let (x, packed, y) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let g = f.geometry
        let batch = node.output.shape[0]
        lowered.name = "\(f.pass == .forward ? "convolution" : "convolutionInputGradient") \(f.name)"
        lowered.operands[1] = g.weightShape
        if f.transformsWeights { return lowerFilteringOfWeights(f, node, runner, &lowered) }
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)
        let (reading, writing) = (f.readTilings, f.writtenTilings)
        let (height, width) = (Int(writing[0].height), Int(writing[0].width))
        let bands = evenPieces(of: batch * f.tileRows, most: max(1, f.blockTiles(batch: batch) / f.tileColumns))
        let channels = f.channelsOut
        let slices = max(1, min((8 + bands.count - 1) / bands.count, channels / 128))
        let parts = pieces(
            of: channels, size: roundedUp((channels + slices - 1) / slices, to: FilteredConvolution.panel))
        let block = FilterBlock(
            f, tiles: (bands.first?.count ?? 0) * f.tileColumns, depth: f.depth, columns: parts.first?.count ?? 0)
        let filter = vector.filter

        func firstPixelRow(_ band: Int) -> Int {
            let (image, row) = (band / f.tileRows, band % f.tileRows)
            let first = row == 0 ? 0 : Int(writing[0].first_row) + row * Int(writing[0].step)
            return image * height + min(max(first, 0), height)
        }
        lowered.tasks.append(
            KernelTask(pieces: bands.count * parts.count, scratch: max(block.floats, ProgramRunner.scratch)) {
                piece, scratch in
                let (band, columns) = (bands[piece % bands.count], parts[piece / bands.count])
                let (first, end) = (band.lowerBound * f.tileColumns, band.upperBound * f.tileColumns)
                let (read, written) = (scratch, scratch + block.readFloats)
                let line = written + block.writtenFloats
                let panels = columns.lowerBound / FilteredConvolution.panel
                for index in writing.indices {
                    if index < reading.count {
                        // Pixels outside the image are read from it, and written to it.
                        line.update(repeating: 0, count: f.channelsIn)
                        withUnsafePointer(to: reading[index]) {
                            filter.read_tiles?(
                                $0, AGON_FILTER_INPUT, Int32(f.n), x.constant, Int64(first), Int64(end), 0,
                                Int32(f.channelsIn), line, read, Int64(block.readStride), Int64(block.readRow))
                        }
                    }
                    for position in 0..<f.positions {
                        f.multiply(
                            filter, position, columnPhase: index, tiles: end - first, columns: columns.count,
                            a: UnsafePointer(read + position * block.readStride), aRow: block.readRow,
                            b: packed.constant + position * f.positionStride
                                + (index * f.panelsPerPhase + panels) * f.panelStride,
                            c: written + position * block.writtenStride, cRow: block.writtenRow)
                    }
                    withUnsafePointer(to: writing[index]) {
                        filter.write_tiles?(
                            $0, Int32(f.n), written, Int64(block.writtenStride), Int64(block.writtenRow), Int64(first),
                            Int64(end), Int32(columns.lowerBound), Int32(columns.count), line, y.pointer)
                    }
                }
                runner?.run(
                    agon_window(
                        row_begin: Int64(firstPixelRow(band.lowerBound) * width),
                        row_end: Int64(firstPixelRow(band.upperBound) * width),
                        channel_begin: Int64(columns.lowerBound), channel_end: Int64(columns.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: bands.count * parts.count, &lowered)
    }

    // MARK: Weight gradient

    /// Pieces are ranges of tiles, long enough that memory for sums is negligible, and of channels: blocks of tiles
    /// are transformed and multiplied one after another, so that a sum over tiles has one order. Then the ranges' sums
    /// are added in order and transformed back.
    private func lowerFilteredWeightGradient(_ f: FilteredConvolution, _ node: Node, _ lowered: inout LoweredGroup) {
        let (x, d, dw) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let g = f.geometry
        let batch = node.inputs[0].shape[0]
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)
        lowered.name = "convolutionWeightGradient \(f.name)"
        if f.transformsWeights { return lowerWeightGradientByBlocks(f, x, d, dw, batch: batch, &lowered) }
        let (fine, coarse) = (f.fineTiling, f.coarseTiling)
        let tiles = f.tiles(batch: batch)
        let filter = vector.filter

        let sumRow = roundedUp(cout, to: FilteredConvolution.alignment)
        let sumStride = f.phases * cin * sumRow + 16
        let partStride = f.positions * sumStride
        let ranges = max(1, min(8, 4_194_304 / partStride, tiles / 192))
        let chunks = pieces(of: tiles, size: (tiles + ranges - 1) / ranges)
        // Each range of input channels transforms the output gradients again, and vice versa.
        let outputSlices = chunks.count < 8 && cout >= 128 ? 2 : 1
        let inputSlices = max(1, min((8 + chunks.count * outputSlices - 1) / (chunks.count * outputSlices), cin / 64))
        func slices(_ channels: Int, _ count: Int) -> [Range<Int>] {
            pieces(of: channels, size: roundedUp((channels + count - 1) / count, to: FilteredConvolution.alignment))
        }
        let (inputParts, outputParts) = (slices(cin, inputSlices), slices(cout, outputSlices))
        let sums = temporary(chunks.count * partStride, in: &lowered)

        let (inputs, outputs) = (inputParts.first?.count ?? 0, outputParts.first?.count ?? 0)
        let (inputRow, outputRow) = (FilterBlock.row(f.phases * inputs), FilterBlock.row(outputs))
        let block = min(max(48, min(240, 262_144 / (f.positions * (inputRow + outputRow)))), chunks.first?.count ?? 1)
        let (inputStride, outputStride) = (block * inputRow + 16, block * outputRow + 16)
        let line = max(inputs, outputs)
        lowered.tasks.append(
            KernelTask(
                pieces: chunks.count * inputParts.count * outputParts.count,
                scratch: f.positions * (inputStride + outputStride) + line
            ) { piece, scratch in
                let chunk = chunks[piece % chunks.count]
                let input = inputParts[piece / chunks.count % inputParts.count]
                let output = outputParts[piece / chunks.count / inputParts.count]
                let gradients = scratch + f.positions * inputStride
                let zeros = gradients + f.positions * outputStride
                zeros.update(repeating: 0, count: line)
                let out = sums.pointer + (piece % chunks.count) * partStride + output.lowerBound
                for range in pieces(of: chunk.count, size: block) {
                    let (first, end) = (chunk.lowerBound + range.lowerBound, chunk.lowerBound + range.upperBound)
                    withUnsafePointer(to: fine) {
                        filter.read_tiles?(
                            $0, AGON_FILTER_INPUT, Int32(f.n), x.constant, Int64(first), Int64(end),
                            Int32(input.lowerBound), Int32(input.count), zeros, scratch, Int64(inputStride),
                            Int64(inputRow))
                    }
                    withUnsafePointer(to: coarse) {
                        filter.read_tiles?(
                            $0, AGON_FILTER_GRADIENT, Int32(f.n), d.constant, Int64(first), Int64(end),
                            Int32(output.lowerBound), Int32(output.count), zeros, gradients, Int64(outputStride),
                            Int64(outputRow))
                    }
                    for position in 0..<f.positions {
                        for phase in f.phases(atPosition: position) {
                            filter.product?(
                                Int64(input.count), Int64(output.count), Int64(range.count),
                                scratch + position * inputStride + phase * input.count, 1, Int64(inputRow),
                                gradients + position * outputStride, Int64(outputRow),
                                Int64(FilteredConvolution.panel),
                                out + position * sumStride + (phase * cin + input.lowerBound) * sumRow,
                                Int64(sumRow), range.lowerBound > 0)
                        }
                    }
                }
            })

        let rows = pieces(of: cin, size: max(1, 4096 / cout))
        let phases = f.phaseList
        lowered.tasks.append(
            KernelTask(pieces: rows.count * phases.count, scratch: cout) { piece, scratch in
                let (rows, phase) = (rows[piece % rows.count], piece / rows.count)
                func target(_ tap: Int) -> UnsafeMutablePointer<Float> {
                    dw.pointer + (tap * cin + rows.lowerBound) * cout
                }
                withTaps(f, phases[phase], target) { taps in
                    filter.write_weights?(
                        Int32(f.n), Int32(f.r), sums.constant + (phase * cin + rows.lowerBound) * sumRow,
                        Int64(partStride), Int32(chunks.count), Int64(sumStride), Int64(rows.count), Int64(cout),
                        Int64(sumRow), scratch, taps, Int64(cout))
                }
            })
    }
}

extension FilteredConvolution {
    /// The products of a position: `c` (=) tiles by packed weights, summed over the phases of a forward pass, or for
    /// one phase of an input gradient.
    func multiply(
        _ filter: agon_filter_kernels, _ position: Int, columnPhase: Int, tiles: Int, columns: Int,
        a: UnsafePointer<Float>, aRow: Int, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, cRow: Int
    ) {
        let phases = phases(atPosition: position)
        guard pass == .forward || phases.contains(columnPhase) else {
            c.update(repeating: 0, count: tiles * cRow)
            return
        }
        let start = pass == .forward ? phases[0] * channelsIn : 0
        let depth = pass == .forward ? phases.count * channelsIn : channelsIn
        filter.product?(
            Int64(tiles), Int64(columns), Int64(depth), a + start, Int64(aRow), 1,
            b + start * FilteredConvolution.panel, Int64(FilteredConvolution.panel), Int64(panelStride), c, Int64(cRow),
            false)
    }
}

/// The scratch of a block of tiles: positions of what is read, then of what is written, then a line of zeros.
struct FilterBlock {
    /// Floats from tile to tile and from position to position.
    let readRow: Int, readStride: Int, writtenRow: Int, writtenStride: Int
    let readFloats: Int, writtenFloats: Int, floats: Int

    /// Room for `depth` values read and `columns` values written of each position of a tile.
    init(_ f: FilteredConvolution, tiles: Int, depth: Int, columns: Int) {
        readRow = FilterBlock.row(depth)
        writtenRow = FilterBlock.row(columns)
        readStride = tiles * readRow + 16
        writtenStride = tiles * writtenRow + 16
        (readFloats, writtenFloats) = (f.positions * readStride, f.positions * writtenStride)
        floats = readFloats + writtenFloats + max(f.channelsIn, columns)
    }

    /// Whole vectors, but not a multiple of 1 KB, so that rows of a product's step use different L1 cache sets.
    static func row(_ count: Int) -> Int {
        let row = roundedUp(count, to: FilteredConvolution.alignment)
        return row % 256 == 0 ? row + 16 : row
    }
}

/// Calls `body` with a phase's taps [r, r] as pointers, nil where the kernel has none.
func withTaps<Pointer>(
    _ f: FilteredConvolution, _ phase: (row: Int, column: Int), _ pointer: (Int) -> Pointer,
    _ body: (UnsafeMutablePointer<Pointer?>) -> Void
) {
    withUnsafeTemporaryAllocation(of: Pointer?.self, capacity: f.r * f.r) { taps in
        for index in 0..<f.r * f.r {
            taps.initializeElement(at: index, to: f.tap(index / f.r, index % f.r, ofPhase: phase).map(pointer))
        }
        if let base = taps.baseAddress { body(base) }
    }
}
