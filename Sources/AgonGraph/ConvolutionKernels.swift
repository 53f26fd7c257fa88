import AgonTensors
import CAgonKernels

extension ConvolutionGeometry {
    func kernelGeometry(batch: Int) -> agon_convolution {
        agon_convolution(
            batch: Int32(batch), height: Int32(height), width: Int32(width), input_channels: Int32(inputChannels),
            output_height: Int32(outputHeight), output_width: Int32(outputWidth),
            output_channels: Int32(outputChannels), kernel_height: Int32(kernelHeight),
            kernel_width: Int32(kernelWidth), stride_height: Int32(strideHeight), stride_width: Int32(strideWidth),
            padding_top: Int32(paddingTop), padding_left: Int32(paddingLeft), dilation_height: Int32(dilationHeight),
            dilation_width: Int32(dilationWidth), groups: Int32(groups))
    }

    var taps: Int { kernelHeight * kernelWidth }
    var isDepthwise: Bool { groups > 1 && groups == inputChannels && inputChannels == outputChannels }
    /// A 1x1 convolution: a product of pixels and a matrix, without im2col.
    var isPointwise: Bool {
        taps == 1 && strideHeight == 1 && strideWidth == 1 && groups == 1 && paddingTop == 0 && paddingLeft == 0
            && height == outputHeight && width == outputWidth
    }
    /// One output pixel per image, which sees every input pixel: a product of whole images and a matrix.
    var coversInput: Bool {
        groups == 1 && outputHeight == 1 && outputWidth == 1 && paddingTop == 0 && paddingLeft == 0
            && kernelHeight == height && kernelWidth == width && dilationHeight == 1 && dilationWidth == 1
    }
    var hasUnitStride: Bool { strideHeight == 1 && strideWidth == 1 }

    /// Whether so few output pixels meet so many weights that reading these takes the time: then each piece of work has
    /// weights of its own, and all pixels.
    func isWeightBound(pixels: Int) -> Bool {
        groups == 1 && pixels <= 128 && taps * inputChannels * outputChannels >= 262_144
    }
}

/// Ranges of channels of a weight-bound pass: enough for several threads, and wide enough for the products.
private func weightBoundPieces(of channels: Int) -> [Range<Int>] {
    pieces(of: channels, size: max(64, roundedUp((channels + 7) / 8, to: 32)))
}

/// Floats of gathered columns per block: with the weights they stay in the L2 and L3 caches.
let columnsPerBlock = 262_144

/// Rows of a block whose gathered columns are `depth` long.
func blockRows(depth: Int, total: Int) -> Int {
    let rows = roundedUp(max(96, min(2048, columnsPerBlock / max(depth, 1))), to: 16)
    // At least eight blocks, so that the work splits among cores.
    return max(16, min(rows, roundedUp(max(total / 8, 1), to: 16)))
}

extension Lowering {
    // MARK: Forward

    /// Gathers columns for a block of output pixels, multiplies, and runs the program on the cached block.
    func lowerConvolution(
        _ g: ConvolutionGeometry, _ node: Node, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (x, w, y) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let batch = node.output.shape[0]
        let rows = batch * g.outputHeight * g.outputWidth
        if g.isPointwise || g.coversInput {
            let depth = g.taps * g.inputChannels
            lowerProduct(
                MatrixProduct(
                    a: x, b: w, c: y, m: rows, n: g.outputChannels, k: depth, transposeA: false, transposeB: false,
                    lda: depth, ldb: g.outputChannels, ldc: g.outputChannels),
                runner, &lowered)
            return
        }
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)
        let kernel = g.kernelGeometry(batch: batch)
        if g.isDepthwise {
            let lines = pieces(of: batch * g.outputHeight, size: max(1, 16384 / (g.outputWidth * g.outputChannels)))
            let forward = vector.depthwise_forward
            addRowTask(lines, pixelsPerRow: g.outputWidth, channels: g.outputChannels, runner, &lowered) { range, _ in
                withUnsafePointer(to: kernel) {
                    forward?($0, x.constant, w.constant, Int64(range.lowerBound), Int64(range.upperBound), y.pointer)
                }
            }
            return
        }
        if g.isNarrow {
            lowerNarrowConvolution(g, x, w, y, batch: batch, runner, &lowered)
            return
        }
        if g.groups == 1, g.hasUnitStride, g.outputChannels <= 4, g.inputChannels > 2 * g.outputChannels {
            lowerThinConvolution(g, kernel, x, w, y, batch: batch, runner, &lowered)
            return
        }
        if g.isThin {
            lowerThinInput(g, x, w, y, flipped: false, batch: batch, runner, &lowered)
            return
        }
        let (inGroup, outGroup) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
        let depth = g.taps * inGroup
        let channels: [Range<Int>]
        let blocks: [Range<Int>]
        if g.isWeightBound(pixels: rows) {
            (blocks, channels) = ([0..<rows], weightBoundPieces(of: outGroup))
        } else {
            (blocks, channels) = (pieces(of: rows, size: blockRows(depth: depth, total: rows)), [0..<outGroup])
        }
        let columns = (blocks.first?.count ?? 0) * depth
        lowered.tasks.append(
            KernelTask(pieces: blocks.count * channels.count, scratch: max(columns, ProgramRunner.scratch)) {
                piece, scratch in
                let (range, part) = (blocks[piece % blocks.count], channels[piece / blocks.count])
                withUnsafePointer(to: kernel) { kernel in
                    for group in 0..<g.groups {
                        let channel = group * outGroup + part.lowerBound
                        agon_im2col(
                            kernel, x.constant, Int64(range.lowerBound), Int64(range.upperBound),
                            Int32(group * inGroup), Int32(inGroup), 0, Int32(g.taps), scratch)
                        agon_product(
                            false, false, Int32(range.count), Int32(part.count), Int32(depth), scratch, Int32(depth),
                            w.constant + channel, Int32(g.outputChannels), false,
                            y.pointer + range.lowerBound * g.outputChannels + channel, Int32(g.outputChannels))
                    }
                }
                runner?.run(
                    agon_window(
                        row_begin: Int64(range.lowerBound), row_end: Int64(range.upperBound),
                        channel_begin: Int64(part.lowerBound),
                        channel_end: Int64(channels.count == 1 ? g.outputChannels : part.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: blocks.count * channels.count, &lowered)
    }

    /// Few output channels: one product of all input pixels with all taps, then each output pixel adds its taps. The
    /// input is read once instead of once per tap.
    private func lowerThinConvolution(
        _ g: ConvolutionGeometry, _ kernel: agon_convolution, _ x: Address, _ w: Address, _ y: Address, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let pixels = g.height * g.width
        let width = g.taps * g.outputChannels
        let stride = roundedUp(width, to: FilteredConvolution.alignment)
        let images = pieces(of: batch, size: max(1, 2048 / pixels))
        let perPiece = images.first?.count ?? 0
        // [taps, Cin, Cout] as [Cin, taps * Cout].
        let packed = temporary(stride * g.inputChannels, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: 1) { _, _ in
                for tap in 0..<g.taps {
                    for channel in 0..<g.inputChannels {
                        (packed.pointer + channel * stride + tap * g.outputChannels).update(
                            from: w.constant + (tap * g.inputChannels + channel) * g.outputChannels,
                            count: g.outputChannels)
                    }
                }
            })
        let product = vector.filter.product
        addRowTask(
            images, pixelsPerRow: g.outputHeight * g.outputWidth, channels: g.outputChannels, runner, &lowered,
            scratch: perPiece * pixels * stride
        ) {
            range, scratch in
            product?(
                Int64(range.count * pixels), Int64(width), Int64(g.inputChannels),
                x.constant + range.lowerBound * pixels * g.inputChannels, Int64(g.inputChannels), 1, packed.constant,
                Int64(stride), Int64(FilteredConvolution.panel), scratch, Int64(stride), false)
            withUnsafePointer(to: kernel) {
                agon_shift_add(
                    $0, scratch, Int64(stride), Int32(range.lowerBound), Int32(range.upperBound), y.pointer)
            }
        }
    }

    /// A stage over ranges of rows of `pixelsPerRow` pixels, each followed by the program on its window.
    func addRowTask(
        _ ranges: [Range<Int>], pixelsPerRow: Int, channels: Int, _ runner: ProgramRunner?,
        _ lowered: inout LoweredGroup, scratch: Int = 0,
        _ body: @escaping (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        lowered.tasks.append(
            KernelTask(pieces: ranges.count, scratch: max(scratch, ProgramRunner.scratch)) { piece, scratch in
                let range = ranges[piece]
                body(range, scratch)
                runner?.run(
                    agon_window(
                        row_begin: Int64(range.lowerBound * pixelsPerRow),
                        row_end: Int64(range.upperBound * pixelsPerRow), channel_begin: 0,
                        channel_end: Int64(channels)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: ranges.count, &lowered)
    }

    // MARK: Input gradient

    /// Pixels of one residue class modulo the stride are reached by the same taps: gathers the output gradients that
    /// reach them, multiplies by those taps' weights, and stores the rows. No scatter: pieces are independent.
    func lowerInputGradient(
        _ g: ConvolutionGeometry, _ node: Node, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (d, w, dx) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let batch = node.output.shape[0]
        if g.isPointwise {
            lowerProduct(
                MatrixProduct(
                    a: d, b: w, c: dx, m: batch * g.height * g.width, n: g.inputChannels, k: g.outputChannels,
                    transposeA: false, transposeB: true, lda: g.outputChannels, ldb: g.outputChannels,
                    ldc: g.inputChannels),
                runner, &lowered)
            return
        }
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)
        let kernel = g.kernelGeometry(batch: batch)
        if g.isDepthwise {
            let lines = pieces(of: batch * g.height, size: max(1, 16384 / (g.width * g.inputChannels)))
            let gradient = vector.depthwise_input_gradient
            addRowTask(lines, pixelsPerRow: g.width, channels: g.inputChannels, runner, &lowered) { range, _ in
                withUnsafePointer(to: kernel) {
                    gradient?($0, d.constant, w.constant, Int64(range.lowerBound), Int64(range.upperBound), dx.pointer)
                }
            }
            return
        }
        if g.coversInput {
            lowerCoveringInputGradient(g, d, w, dx, batch: batch, runner, &lowered)
            return
        }
        if g.isNarrow {
            lowerNarrowInputGradient(g, phases(of: g, kernel), d, w, dx, batch: batch, runner, &lowered)
            return
        }
        if g.groups == 1, g.inputChannels <= 4, g.outputChannels >= 8 {
            lowerThinInputGradient(g, kernel, d, w, dx, batch: batch, runner, &lowered)
            return
        }
        if g.hasUnitStride, g.transposed.isThin {
            lowerThinInput(g.transposed, d, w, dx, flipped: true, batch: batch, runner, &lowered)
            return
        }
        if g.isWeightBound(pixels: batch * g.outputHeight * g.outputWidth) {
            lowerWeightBoundInputGradient(g, kernel, d, w, dx, batch: batch, runner, &lowered)
            return
        }
        lowerPhases(g, kernel, d, w, dx, batch: batch, runner, &lowered)
    }

    /// Each input pixel has one tap: a product of the output gradients and that tap's weights. This is a generator's
    /// first layer, if it is a transposed convolution of the latent.
    private func lowerCoveringInputGradient(
        _ g: ConvolutionGeometry, _ d: Address, _ w: Address, _ dx: Address, batch: Int, _ runner: ProgramRunner?,
        _ lowered: inout LoweredGroup
    ) {
        let (cin, cout, taps) = (g.inputChannels, g.outputChannels, g.taps)
        let channels = weightBoundPieces(of: cin)
        let images = pieces(of: batch, size: max(32, roundedUp(batch * channels.count / 8, to: 8)))
        lowered.tasks.append(
            KernelTask(pieces: images.count * channels.count, scratch: ProgramRunner.scratch) { piece, scratch in
                let (range, part) = (images[piece % images.count], channels[piece / images.count])
                for tap in 0..<taps {
                    agon_product(
                        false, true, Int32(range.count), Int32(part.count), Int32(cout),
                        d.constant + range.lowerBound * cout, Int32(cout),
                        w.constant + (tap * cin + part.lowerBound) * cout, Int32(cout), false,
                        dx.pointer + (range.lowerBound * taps + tap) * cin + part.lowerBound, Int32(taps * cin))
                }
                runner?.run(
                    agon_window(
                        row_begin: Int64(range.lowerBound * taps), row_end: Int64(range.upperBound * taps),
                        channel_begin: Int64(part.lowerBound), channel_end: Int64(part.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: images.count * channels.count, &lowered)
    }

    /// Few pixels under large weights: pieces are ranges of input channels, so that each weight is read once and in
    /// place, and taps that meet nothing but padding are not read at all.
    private func lowerWeightBoundInputGradient(
        _ g: ConvolutionGeometry, _ kernel: agon_convolution, _ d: Address, _ w: Address, _ dx: Address, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let phases = phases(of: g, kernel)
        let rows = phases.map { batch * Int($0.rows) * Int($0.columns) }
        let gathered = zip(phases, rows).map { Int($0.taps_height * $0.taps_width) * cout * $1 }.max() ?? 0
        let channels = weightBoundPieces(of: cin)
        let widest = channels.first?.count ?? 0
        lowered.tasks.append(
            KernelTask(
                pieces: channels.count,
                scratch: max(gathered + (rows.max() ?? 0) * widest, ProgramRunner.scratch)
            ) { piece, scratch in
                let part = channels[piece]
                let sums = scratch + gathered
                withUnsafePointer(to: kernel) { kernel in
                    for (phase, rows) in zip(phases, rows) where rows > 0 {
                        let taps = Int(phase.taps_height * phase.taps_width)
                        withUnsafePointer(to: phase) {
                            agon_gather_phase(kernel, $0, d.constant, 0, Int64(rows), 0, Int32(cout), scratch)
                        }
                        var isFirst = true
                        for tap in 0..<taps {
                            let (row, column) = (tap / Int(phase.taps_width), tap % Int(phase.taps_width))
                            guard phase.meetsOutputs(row, column, of: g) else { continue }
                            let position = phase.kernelRow(row) * g.kernelWidth + phase.kernelColumn(column)
                            agon_product(
                                false, true, Int32(rows), Int32(part.count), Int32(cout), scratch + tap * cout,
                                Int32(taps * cout), w.constant + (position * cin + part.lowerBound) * cout, Int32(cout),
                                !isFirst, sums, Int32(part.count))
                            isFirst = false
                        }
                        if isFirst { sums.update(repeating: 0, count: rows * part.count) }
                        withUnsafePointer(to: phase) {
                            agon_scatter_phase(
                                kernel, $0, sums, 0, Int64(rows), Int32(part.lowerBound), Int32(part.count), dx.pointer)
                        }
                    }
                }
                runner?.run(
                    agon_window(
                        row_begin: 0, row_end: Int64(batch * g.height * g.width),
                        channel_begin: Int64(part.lowerBound), channel_end: Int64(part.upperBound)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: channels.count, &lowered)
    }

    private func phases(of g: ConvolutionGeometry, _ kernel: agon_convolution) -> [agon_phase] {
        (0..<g.strideHeight * g.strideWidth).map { index in
            withUnsafePointer(to: kernel) {
                agon_convolution_phase($0, Int32(index / g.strideWidth), Int32(index % g.strideWidth))
            }
        }
    }

    private func lowerPhases(
        _ g: ConvolutionGeometry, _ kernel: agon_convolution, _ d: Address, _ w: Address, _ dx: Address, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (inGroup, outGroup) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
        let phases = phases(of: g, kernel)
        let taps = phases.map { Int($0.taps_height) * Int($0.taps_width) }
        // Weights by group and phase: [taps of the phase * Cout, Cin].
        let groupSize = g.taps * outGroup * inGroup
        let packed = temporary(g.groups * groupSize, in: &lowered)
        var starts: [Int] = []
        var copies: [(tap: Int, position: Int)] = []
        var position = 0
        for phase in phases {
            starts.append(position * outGroup * inGroup)
            for row in 0..<Int(phase.taps_height) {
                for column in 0..<Int(phase.taps_width) {
                    let tap = phase.kernelRow(row) * g.kernelWidth + phase.kernelColumn(column)
                    copies.append((tap, position))
                    position += 1
                }
            }
        }
        // Transposing large weights is worth several pieces per tap.
        let inputParts = pieces(of: inGroup, size: 128)
        lowered.tasks.append(
            KernelTask(pieces: max(copies.count, 1) * inputParts.count) { piece, _ in
                guard !copies.isEmpty else { return }
                let (tap, position) = copies[piece / inputParts.count]
                let part = inputParts[piece % inputParts.count]
                for group in 0..<g.groups {
                    agon_transpose(
                        w.constant + (tap * inGroup + part.lowerBound) * g.outputChannels + group * outGroup,
                        Int64(part.count), Int64(outGroup), Int64(g.outputChannels),
                        packed.pointer + group * groupSize + position * outGroup * inGroup + part.lowerBound,
                        Int64(inGroup))
                }
            })

        // A band is one row of each phase, over all images in order.
        let bandsPerImage = (g.height + g.strideHeight - 1) / g.strideHeight
        let bands = batch * bandsPerImage
        let widest = max(1, (g.width + g.strideWidth - 1) / g.strideWidth)
        let depth = max(taps.max() ?? 0, 1) * outGroup
        let rowsWanted = blockRows(depth: depth, total: bands * widest)
        let ranges = pieces(of: bands, size: max(1, rowsWanted / widest))
        let blockHeight = (ranges.first?.count ?? 0) * widest
        let direct = phases.count == 1 && g.groups == 1
        let scratch = blockHeight * (depth + (direct ? 0 : inGroup))

        let body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void = { range, scratch in
            let values = scratch + blockHeight * depth
            withUnsafePointer(to: kernel) { kernel in
                for (index, phase) in phases.enumerated() {
                    for rows in phase.rows(inBands: range, bandsPerImage: bandsPerImage) {
                        for group in 0..<g.groups {
                            withUnsafePointer(to: phase) { phase in
                                let target =
                                    direct ? dx.pointer + rows.lowerBound * g.inputChannels : values
                                if taps[index] == 0 {
                                    target.update(repeating: 0, count: rows.count * inGroup)
                                } else {
                                    agon_gather_phase(
                                        kernel, phase, d.constant, Int64(rows.lowerBound), Int64(rows.upperBound),
                                        Int32(group * outGroup), Int32(outGroup), scratch)
                                    let k = taps[index] * outGroup
                                    agon_product(
                                        false, false, Int32(rows.count), Int32(inGroup), Int32(k), scratch,
                                        Int32(k), packed.constant + group * groupSize + starts[index],
                                        Int32(inGroup), false, target, Int32(inGroup))
                                }
                                if !direct {
                                    agon_scatter_phase(
                                        kernel, phase, values, Int64(rows.lowerBound), Int64(rows.upperBound),
                                        Int32(group * inGroup), Int32(inGroup), dx.pointer)
                                }
                            }
                        }
                    }
                }
            }
        }
        lowered.tasks.append(
            KernelTask(pieces: ranges.count, scratch: max(scratch, ProgramRunner.scratch)) { piece, scratch in
                body(ranges[piece], scratch)
                guard let runner else { return }
                func firstRow(_ band: Int) -> Int {
                    let image = band / bandsPerImage
                    return image * g.height + min((band - image * bandsPerImage) * g.strideHeight, g.height)
                }
                runner.run(
                    agon_window(
                        row_begin: Int64(firstRow(ranges[piece].lowerBound) * g.width),
                        row_end: Int64(firstRow(ranges[piece].upperBound) * g.width), channel_begin: 0,
                        channel_end: Int64(g.inputChannels)),
                    piece: piece, scratch: scratch)
            })
        finish(runner, pieces: ranges.count, &lowered)
    }

    /// Few input channels: one product of each output pixel with all taps, then each image sums its taps.
    private func lowerThinInputGradient(
        _ g: ConvolutionGeometry, _ kernel: agon_convolution, _ d: Address, _ w: Address, _ dx: Address, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let pixels = g.outputHeight * g.outputWidth
        let width = g.taps * g.inputChannels
        let stride = roundedUp(width, to: FilteredConvolution.alignment)
        let images = pieces(of: batch, size: max(1, 2048 / pixels))
        let perPiece = images.first?.count ?? 0
        // [taps * Cin, Cout] as [Cout, taps * Cin].
        let packed = temporary(stride * g.outputChannels, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: 1) { _, _ in
                agon_transpose(
                    w.constant, Int64(width), Int64(g.outputChannels), Int64(g.outputChannels), packed.pointer,
                    Int64(stride))
            })
        let product = vector.filter.product
        addRowTask(
            images, pixelsPerRow: g.height * g.width, channels: g.inputChannels, runner, &lowered,
            scratch: perPiece * pixels * stride
        ) { range, scratch in
            product?(
                Int64(range.count * pixels), Int64(width), Int64(g.outputChannels),
                d.constant + range.lowerBound * pixels * g.outputChannels, Int64(g.outputChannels), 1, packed.constant,
                Int64(stride), Int64(FilteredConvolution.panel), scratch, Int64(stride), false)
            withUnsafePointer(to: kernel) {
                agon_col2im($0, scratch, Int64(stride), Int32(range.lowerBound), Int32(range.upperBound), dx.pointer)
            }
        }
    }
}

extension agon_phase {
    func kernelRow(_ index: Int) -> Int { Int(tap_row) + index * Int(tap_row_step) }
    func kernelColumn(_ index: Int) -> Int { Int(tap_column) + index * Int(tap_column_step) }

    /// Whether the phase's tap (row, column) meets an output pixel from any of its pixels, and not padding alone.
    func meetsOutputs(_ row: Int, _ column: Int, of g: ConvolutionGeometry) -> Bool {
        let firstRow = Int(output_row) - row * Int(back_row),
            firstColumn = Int(output_column) - column * Int(back_column)
        return firstRow < g.outputHeight && firstRow + Int(rows) > 0 && firstColumn < g.outputWidth
            && firstColumn + Int(columns) > 0
    }

    /// The class's pixels (numbered over the batch) in a range of bands; one range if bands are whole.
    func rows(inBands range: Range<Int>, bandsPerImage: Int) -> [Range<Int>] {
        let (rows, columns) = (Int(rows), Int(columns))
        if columns == 0 || rows == 0 { return [] }
        if rows == bandsPerImage { return [range.lowerBound * columns..<range.upperBound * columns] }
        var found: [Range<Int>] = []
        var band = range.lowerBound
        while band < range.upperBound {
            let image = band / bandsPerImage
            let end = min(range.upperBound, (image + 1) * bandsPerImage)
            let first = min(band - image * bandsPerImage, rows)
            let last = min(end - image * bandsPerImage, rows)
            if first < last { found.append((image * rows + first) * columns..<(image * rows + last) * columns) }
            band = end
        }
        return found
    }
}
