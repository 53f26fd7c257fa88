import AgonTensors
import CAgonKernels

/// Weight gradients of convolutions that are computed directly.
extension Lowering {
    /// Transposed columns times output gradients. Pieces are slices of taps and channels, whose columns no other piece
    /// gathers; if the whole result is small, ranges of pixels whose parts are summed in order.
    func lowerWeightGradient(_ g: ConvolutionGeometry, _ node: Node, _ lowered: inout LoweredGroup) {
        let (x, d, dw) = (address(node.inputs[0].index), address(node.inputs[1].index), address(node.output.index))
        let batch = node.inputs[0].shape[0]
        let rows = batch * g.outputHeight * g.outputWidth
        if g.isPointwise || g.coversInput {
            let depth = g.taps * g.inputChannels
            lowerProduct(
                MatrixProduct(
                    a: x, b: d, c: dw, m: depth, n: g.outputChannels, k: rows, transposeA: true, transposeB: false,
                    lda: depth, ldb: g.outputChannels, ldc: g.outputChannels),
                nil, &lowered)
            return
        }
        lowered.floatingPointOperations += g.floatingPointOperations(batch: batch)
        let kernel = g.kernelGeometry(batch: batch)
        if g.isDepthwise {
            let slices = pieces(of: g.inputChannels, size: 16)
            let gradient = vector.depthwise_weight_gradient
            lowered.tasks.append(
                KernelTask(pieces: slices.count) { piece, _ in
                    withUnsafePointer(to: kernel) {
                        gradient?(
                            $0, x.constant, d.constant, Int32(slices[piece].lowerBound),
                            Int32(slices[piece].upperBound), dw.pointer)
                    }
                })
            return
        }
        if g.isThin {
            lowerThinInputWeightGradient(g, x, d, dw, flipped: false, batch: batch, &lowered)
            return
        }
        if g.hasUnitStride, g.transposed.isThin {
            lowerThinInputWeightGradient(g.transposed, d, x, dw, flipped: true, batch: batch, &lowered)
            return
        }
        if g.groups == 1, g.hasUnitStride, g.outputChannels <= 4, g.inputChannels > 2 * g.outputChannels {
            lowerThinWeightGradient(g, kernel, x, d, dw, batch: batch, &lowered)
            return
        }
        let (inGroup, outGroup) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
        let depth = g.taps * inGroup
        let weights = depth * g.outputChannels
        if weights <= 65536 {
            // Ranges of pixels: the columns of a range are gathered once for all weights.
            let chunk = max(256, roundedUp(rows / 16, to: 64))
            let chunks = pieces(of: rows, size: chunk)
            let block = blockRows(depth: depth, total: 8 * chunk)
            let parts = temporary(chunks.count * weights, in: &lowered)
            lowered.tasks.append(
                KernelTask(pieces: chunks.count, scratch: min(block, chunk) * depth) { piece, scratch in
                    let out = parts.pointer + piece * weights
                    withUnsafePointer(to: kernel) { kernel in
                        for group in 0..<g.groups {
                            for (index, range) in pieces(of: chunks[piece].count, size: block).enumerated() {
                                let start = chunks[piece].lowerBound + range.lowerBound
                                agon_im2col(
                                    kernel, x.constant, Int64(start), Int64(start + range.count),
                                    Int32(group * inGroup), Int32(inGroup), 0, Int32(g.taps), scratch)
                                agon_product(
                                    true, false, Int32(depth), Int32(outGroup), Int32(range.count), scratch,
                                    Int32(depth), d.constant + start * g.outputChannels + group * outGroup,
                                    Int32(g.outputChannels), index > 0, out + group * outGroup,
                                    Int32(g.outputChannels))
                            }
                        }
                    }
                })
            lowered.tasks.append(sumOfParts(parts, count: chunks.count, size: weights, into: dw))
            return
        }
        // Slices of taps (and of channels where one tap is large).
        var slices: [(group: Int, taps: Range<Int>, channels: Range<Int>)] = []
        let channelParts = pieces(of: inGroup, size: max(128, roundedUp(inGroup / 2, to: 64)))
        // A slice is contiguous in the weights only when it has all channels or one tap.
        let tapsPerSlice = channelParts.count > 1 ? 1 : max(1, min(g.taps / 4, 512 / inGroup))
        for group in 0..<g.groups {
            for taps in pieces(of: g.taps, size: tapsPerSlice) {
                for channels in channelParts { slices.append((group, taps, channels)) }
            }
        }
        let deepest = slices.map { $0.taps.count * $0.channels.count }.max() ?? 0
        let block = roundedUp(max(256, min(2048, columnsPerBlock / max(deepest, 1))), to: 64)
        lowered.tasks.append(
            KernelTask(pieces: slices.count, scratch: min(block, rows) * deepest) { piece, scratch in
                let slice = slices[piece]
                let channels = slice.channels.count
                let width = slice.taps.count * channels
                withUnsafePointer(to: kernel) { kernel in
                    for (index, range) in pieces(of: rows, size: block).enumerated() {
                        agon_im2col(
                            kernel, x.constant, Int64(range.lowerBound), Int64(range.upperBound),
                            Int32(slice.group * inGroup + slice.channels.lowerBound), Int32(channels),
                            Int32(slice.taps.lowerBound), Int32(slice.taps.upperBound), scratch)
                        // A slice of some channels of one tap, or of all channels of several taps, is a run of rows.
                        agon_product(
                            true, false, Int32(width), Int32(outGroup), Int32(range.count), scratch, Int32(width),
                            d.constant + range.lowerBound * g.outputChannels + slice.group * outGroup,
                            Int32(g.outputChannels), index > 0,
                            dw.pointer
                                + (slice.taps.lowerBound * inGroup + slice.channels.lowerBound) * g.outputChannels
                                + slice.group * outGroup, Int32(g.outputChannels))
                    }
                }
            })
    }

    /// Few output channels, stride 1: gathers the (thin) output gradients instead of the input.
    private func lowerThinWeightGradient(
        _ g: ConvolutionGeometry, _ kernel: agon_convolution, _ x: Address, _ d: Address, _ dw: Address, batch: Int,
        _ lowered: inout LoweredGroup
    ) {
        let pixels = batch * g.height * g.width
        let width = g.taps * g.outputChannels
        let phase = withUnsafePointer(to: kernel) { agon_convolution_phase($0, 0, 0) }
        let chunks = pieces(of: pixels, size: max(1024, roundedUp(pixels / 16, to: 64)))
        let size = width * g.inputChannels
        let parts = temporary(chunks.count * size, in: &lowered)
        let sum = temporary(size, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: chunks.count, scratch: (chunks.first?.count ?? 0) * width) { piece, scratch in
                let range = chunks[piece]
                withUnsafePointer(to: kernel) { kernel in
                    withUnsafePointer(to: phase) { phase in
                        agon_gather_phase(
                            kernel, phase, d.constant, Int64(range.lowerBound), Int64(range.upperBound), 0,
                            Int32(g.outputChannels), scratch)
                    }
                }
                agon_product(
                    true, false, Int32(width), Int32(g.inputChannels), Int32(range.count), scratch, Int32(width),
                    x.constant + range.lowerBound * g.inputChannels, Int32(g.inputChannels), false,
                    parts.pointer + piece * size, Int32(g.inputChannels))
            })
        lowered.tasks.append(sumOfParts(parts, count: chunks.count, size: size, into: sum))
        // [taps * Cout, Cin] to [taps, Cin, Cout].
        lowered.tasks.append(
            KernelTask(pieces: 1) { _, _ in
                for tap in 0..<g.taps {
                    agon_transpose(
                        sum.constant + tap * g.outputChannels * g.inputChannels, Int64(g.outputChannels),
                        Int64(g.inputChannels), Int64(g.inputChannels),
                        dw.pointer + tap * g.inputChannels * g.outputChannels, Int64(g.outputChannels))
                }
            })
    }
}
