import AgonTensors
import CAgonKernels

/// Minimal filtering of small images under large weights: transformed weights would outgrow the caches and take longer
/// to write and read than the few tiles take to multiply. So each piece transforms the weights of some channels,
/// multiplies all tiles by them, and goes on to the next; what it transforms never leaves its second-level cache.
extension Lowering {
    /// Forward and input gradient; the second operand is the weight itself. Pieces are ranges of output channels,
    /// computed phase by phase: those of a forward pass are summed, those of an input gradient written one after
    /// another.
    func lowerFilteringOfWeights(
        _ f: FilteredConvolution, _ node: Node, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (x, w, y) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let g = f.geometry
        let batch = node.output.shape[0]
        let forward = f.pass == .forward
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let reading = f.phaseList.map { (forward ? f.fineTiling : f.coarseTiling).of(phase: $0) }
        let writing = f.writtenTilings
        let pixels = Int64(batch) * Int64(writing[0].height) * Int64(writing[0].width)
        let tiles = f.tiles(batch: batch)
        let panel = FilteredConvolution.panel
        let columns = pieces(of: f.channelsOut, size: f.columnsOfPiece)
        let depths = pieces(of: f.channelsIn, size: 64)
        let (widest, deepest) = (columns.first?.count ?? 0, depths.first?.count ?? 0)
        let block = FilterBlock(f, tiles: tiles, depth: deepest, columns: widest)
        let panelStride = deepest * panel
        let weightStride = roundedUp(widest, to: panel) / panel * panelStride + 16
        let gathered = forward ? 0 : g.taps * deepest * widest
        let line = max(deepest, widest, panel)
        let filter = vector.filter
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)

        lowered.tasks.append(
            KernelTask(
                pieces: columns.count,
                scratch: max(
                    block.readFloats + block.writtenFloats + f.positions * weightStride + gathered + line,
                    ProgramRunner.scratch)
            ) { piece, scratch in
                let column = columns[piece]
                let written = scratch + block.readFloats
                let packed = written + block.writtenFloats
                let taps = packed + f.positions * weightStride
                let zeros = taps + gathered
                func transformWeights(_ phase: (row: Int, column: Int), _ depth: Range<Int>) {
                    func source(_ tap: Int) -> UnsafePointer<Float> {
                        if forward { return w.constant + (tap * cin + depth.lowerBound) * cout + column.lowerBound }
                        let rows = taps + tap * deepest * widest
                        agon_transpose(
                            w.constant + (tap * cin + column.lowerBound) * cout + depth.lowerBound, Int64(column.count),
                            Int64(depth.count), Int64(cout), rows, Int64(column.count))
                        return UnsafePointer(rows)
                    }
                    withTaps(f, phase, source) {
                        filter.read_weights?(
                            Int32(f.n), Int32(f.r), $0, Int64(forward ? cout : column.count), Int64(depth.count),
                            Int64(column.count), zeros, packed, Int64(weightStride), Int64(panelStride))
                    }
                }
                func write(_ tiling: agon_tiling) {
                    withUnsafePointer(to: tiling) {
                        filter.write_tiles?(
                            $0, Int32(f.n), written, Int64(block.writtenStride), Int64(block.writtenRow), 0,
                            Int64(tiles), Int32(column.lowerBound), Int32(column.count), zeros, y.pointer)
                    }
                }
                for (index, phase) in f.phaseList.enumerated() {
                    for depth in depths {
                        zeros.update(repeating: 0, count: line)
                        withUnsafePointer(to: reading[index]) {
                            filter.read_tiles?(
                                $0, AGON_FILTER_INPUT, Int32(f.n), x.constant, 0, Int64(tiles), Int32(depth.lowerBound),
                                Int32(depth.count), zeros, scratch, Int64(block.readStride), Int64(block.readRow))
                        }
                        transformWeights(phase, depth)
                        for position in 0..<f.positions {
                            let phases = f.phases(atPosition: position)
                            let sums = written + position * block.writtenStride
                            if phases.contains(index) {
                                filter.product?(
                                    Int64(tiles), Int64(column.count), Int64(depth.count),
                                    scratch + position * block.readStride, Int64(block.readRow), 1,
                                    packed + position * weightStride, Int64(panel), Int64(panelStride), sums,
                                    Int64(block.writtenRow), depth.lowerBound > 0 || forward && phases[0] != index)
                            } else if !forward, depth.lowerBound == 0 {
                                sums.update(repeating: 0, count: tiles * block.writtenRow)
                            }
                        }
                    }
                    if !forward { write(writing[index]) }
                }
                if forward { write(writing[0]) }
                runner?.run(
                    agon_window(
                        row_begin: 0, row_end: pixels, channel_begin: Int64(column.lowerBound),
                        channel_end: Int64(column.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: columns.count, &lowered)
    }

    /// Weight gradient: pieces are blocks of the weight, whose sums over all tiles are transformed back at once.
    func lowerWeightGradientByBlocks(
        _ f: FilteredConvolution, _ x: Address, _ d: Address, _ dw: Address, batch: Int, _ lowered: inout LoweredGroup
    ) {
        let g = f.geometry
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let (fine, coarse) = (f.fineTiling, f.coarseTiling)
        let tiles = f.tiles(batch: batch)
        let filter = vector.filter
        let inputParts = pieces(of: cin, size: f.rowsOfPiece)
        let outputParts = pieces(of: cout, size: FilteredConvolution.widestPiece)
        let (inputs, outputs) = (inputParts.first?.count ?? 0, outputParts.first?.count ?? 0)
        let (inputRow, outputRow) = (FilterBlock.row(f.phases * inputs), FilterBlock.row(outputs))
        let block = min(48, tiles)
        let (inputStride, outputStride) = (block * inputRow + 16, block * outputRow + 16)
        let sumRow = roundedUp(outputs, to: FilteredConvolution.alignment)
        let sumStride = f.phases * inputs * sumRow + 16
        let line = max(inputs, outputs)
        lowered.tasks.append(
            KernelTask(
                pieces: inputParts.count * outputParts.count,
                scratch: f.positions * (inputStride + outputStride + sumStride) + line
            ) { piece, scratch in
                let input = inputParts[piece / outputParts.count], output = outputParts[piece % outputParts.count]
                let gradients = scratch + f.positions * inputStride
                let sums = gradients + f.positions * outputStride
                let zeros = sums + f.positions * sumStride
                zeros.update(repeating: 0, count: line)
                for range in pieces(of: tiles, size: block) {
                    withUnsafePointer(to: fine) {
                        filter.read_tiles?(
                            $0, AGON_FILTER_INPUT, Int32(f.n), x.constant, Int64(range.lowerBound),
                            Int64(range.upperBound), Int32(input.lowerBound), Int32(input.count), zeros, scratch,
                            Int64(inputStride), Int64(inputRow))
                    }
                    withUnsafePointer(to: coarse) {
                        filter.read_tiles?(
                            $0, AGON_FILTER_GRADIENT, Int32(f.n), d.constant, Int64(range.lowerBound),
                            Int64(range.upperBound), Int32(output.lowerBound), Int32(output.count), zeros, gradients,
                            Int64(outputStride), Int64(outputRow))
                    }
                    for position in 0..<f.positions {
                        for phase in f.phases(atPosition: position) {
                            filter.product?(
                                Int64(input.count), Int64(output.count), Int64(range.count),
                                scratch + position * inputStride + phase * input.count, 1, Int64(inputRow),
                                gradients + position * outputStride, Int64(outputRow),
                                Int64(FilteredConvolution.panel),
                                sums + position * sumStride + phase * input.count * sumRow, Int64(sumRow),
                                range.lowerBound > 0)
                        }
                    }
                }
                for (index, phase) in f.phaseList.enumerated() {
                    func target(_ tap: Int) -> UnsafeMutablePointer<Float> {
                        dw.pointer + (tap * cin + input.lowerBound) * cout + output.lowerBound
                    }
                    withTaps(f, phase, target) { taps in
                        filter.write_weights?(
                            Int32(f.n), Int32(f.r), sums + index * input.count * sumRow, 0, 1, Int64(sumStride),
                            Int64(input.count), Int64(output.count), Int64(sumRow), zeros, taps, Int64(cout))
                    }
                }
            })
    }
}
