import CAgonKernels

extension ConvolutionGeometry {
    /// A convolution whose taps of all channels fit few vectors: products read its rows in place.
    var isThin: Bool {
        groups == 1 && dilationHeight == 1 && dilationWidth == 1 && inputChannels <= 4 && taps * inputChannels <= 128
            && outputChannels % FilteredConvolution.alignment == 0
    }

    /// The stride-1 convolution of output gradients that is this one's input gradient, with a flipped weight.
    var transposed: ConvolutionGeometry {
        var g = self
        (g.height, g.width, g.inputChannels) = (outputHeight, outputWidth, outputChannels)
        (g.outputHeight, g.outputWidth, g.outputChannels) = (height, width, inputChannels)
        (g.paddingTop, g.paddingLeft) = (kernelHeight - 1 - paddingTop, kernelWidth - 1 - paddingLeft)
        return g
    }
}

/// Convolutions of few channels to many, such as a discriminator's first: im2col would copy pieces of a few
/// floats. Instead the input rows of an output row are interleaved once, `[x, kernel row, channel]`, so that the taps
/// of neighbouring pixels are overlapping ranges of memory, and products read them in place.
extension Lowering {
    /// Floats of the input rows of an output row.
    private func lineCount(_ g: ConvolutionGeometry) -> Int {
        ((g.outputWidth - 1) * g.strideWidth + g.kernelWidth) * g.kernelHeight * g.inputChannels
    }

    /// - Parameter flipped: whether `w` is the weight of the convolution that `g` is the input gradient of.
    func lowerThinInput(
        _ g: ConvolutionGeometry, _ x: Address, _ w: Address, _ y: Address, flipped: Bool, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let kernel = g.kernelGeometry(batch: batch)
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let depth = g.taps * cin
        let step = g.kernelHeight * cin
        let filter = vector.filter
        let rows = pieces(of: batch * g.outputHeight, size: max(1, 16384 / (g.outputWidth * cout)))
        let lines = roundedUp(lineCount(g), to: 16)
        addRowTask(
            rows, pixelsPerRow: g.outputWidth, channels: cout, runner, &lowered, scratch: lines + depth * cout
        ) { range, scratch in
            // The weight as [kernel column, kernel row, Cin, Cout].
            let weights = scratch + lines
            for i in 0..<g.kernelHeight {
                for j in 0..<g.kernelWidth {
                    for c in 0..<cin {
                        let line = weights + (j * step + i * cin + c) * cout
                        if flipped {
                            // From [kernel row, kernel column, Cout, Cin] of the convolution.
                            let tap = (g.kernelHeight - 1 - i) * g.kernelWidth + g.kernelWidth - 1 - j
                            for o in 0..<cout { line[o] = w.constant[(tap * cout + o) * cin + c] }
                        } else {
                            line.update(from: w.constant + ((i * g.kernelWidth + j) * cin + c) * cout, count: cout)
                        }
                    }
                }
            }
            for row in range {
                withUnsafePointer(to: kernel) { agon_interleave_lines($0, x.constant, Int64(row), scratch) }
                filter.product?(
                    Int64(g.outputWidth), Int64(cout), Int64(depth), scratch, Int64(g.strideWidth * step), 1, weights,
                    Int64(cout), Int64(FilteredConvolution.panel), y.pointer + row * g.outputWidth * cout, Int64(cout),
                    false)
            }
        }
    }

    /// The weight gradient of `g` from its input and output gradient. Pieces are ranges of rows, summed in order.
    /// - Parameter flipped: whether `dw` is that of the convolution that `g` is the input gradient of.
    func lowerThinInputWeightGradient(
        _ g: ConvolutionGeometry, _ x: Address, _ d: Address, _ dw: Address, flipped: Bool, batch: Int,
        _ lowered: inout LoweredGroup
    ) {
        let kernel = g.kernelGeometry(batch: batch)
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let depth = g.taps * cin
        let step = g.kernelHeight * cin
        let filter = vector.filter
        let total = batch * g.outputHeight
        let ranges = pieces(of: total, size: max(1, max((total + 15) / 16, 8192 / (g.outputWidth * cout))))
        let parts = temporary(ranges.count * depth * cout, in: &lowered)
        lowered.tasks.append(
            KernelTask(pieces: ranges.count, scratch: lineCount(g)) { piece, scratch in
                let sums = parts.pointer + piece * depth * cout
                for row in ranges[piece] {
                    withUnsafePointer(to: kernel) { agon_interleave_lines($0, x.constant, Int64(row), scratch) }
                    filter.product?(
                        Int64(depth), Int64(cout), Int64(g.outputWidth), scratch, 1, Int64(g.strideWidth * step),
                        d.constant + row * g.outputWidth * cout, Int64(cout), Int64(FilteredConvolution.panel), sums,
                        Int64(cout), row > ranges[piece].lowerBound)
                }
            })
        lowered.tasks.append(
            KernelTask(pieces: g.taps) { tap, _ in
                let (i, j) = (tap / g.kernelWidth, tap % g.kernelWidth)
                for c in 0..<cin {
                    let place = (j * step + i * cin + c) * cout
                    for o in 0..<cout {
                        var sum = parts.constant[place + o]
                        for part in 1..<max(ranges.count, 1) { sum += parts.constant[part * depth * cout + place + o] }
                        if flipped {
                            dw.pointer[((g.taps - 1 - tap) * cout + o) * cin + c] = sum
                        } else {
                            dw.pointer[(tap * cin + c) * cout + o] = sum
                        }
                    }
                }
            })
    }
}
