import CAgonKernels

extension ConvolutionGeometry {
    /// A convolution with so few input and output channels that vectors of channels would be mostly padding, on images
    /// wide enough for vectors of pixels.
    var isNarrow: Bool {
        groups == 1 && dilationHeight == 1 && dilationWidth == 1 && inputChannels <= 4 && outputChannels <= 4
            && outputWidth >= 8
    }
}

/// Result pixels of one residue class modulo the stride: sums over the same taps of the planes of a source image.
private struct PlanePass {
    var rows: Int
    var columns: Int
    /// For each tap, the floats from the plane's start to its value for the first result pixel.
    var offsets: [Int64]
    /// For each result channel, the taps' places in the weight.
    var weights: [[Int]]
    /// Floats from the start of a result image to its first pixel of the class, and to that of the next row and column.
    var first: Int
    var row: Int
    var column: Int
}

/// Convolutions with few input and output channels, such as the frozen projections of many discriminators. Images are
/// split into planes of one channel, whose rows the vectors of a row of results lie in.
extension Lowering {
    func lowerNarrowConvolution(
        _ g: ConvolutionGeometry, _ x: Address, _ w: Address, _ y: Address, batch: Int, _ runner: ProgramRunner?,
        _ lowered: inout LoweredGroup
    ) {
        let (cin, cout, stride) = (g.inputChannels, g.outputChannels, g.strideWidth)
        let line = roundedUp(g.outputWidth, to: FilteredConvolution.alignment) + (g.kernelWidth - 1) / stride
        let planes = agon_planes(
            height: Int32(g.height), width: Int32(g.width), channels: Int32(cin), top: Int32(g.paddingTop),
            left: Int32(g.paddingLeft), residues: Int32(stride),
            rows: Int32((g.outputHeight - 1) * g.strideHeight + g.kernelHeight), line: Int32(line))
        var pass = PlanePass(
            rows: g.outputHeight, columns: g.outputWidth, offsets: [], weights: Array(repeating: [], count: cout),
            first: 0, row: g.outputWidth * cout, column: cout)
        for i in 0..<g.kernelHeight {
            for j in 0..<g.kernelWidth {
                for c in 0..<cin {
                    pass.offsets.append(Int64(((i * stride + j % stride) * cin + c) * line + j / stride))
                    for o in 0..<cout { pass.weights[o].append(((i * g.kernelWidth + j) * cin + c) * cout + o) }
                }
            }
        }
        lowerPlanes(
            planes, rowStep: g.strideHeight, [pass], x, w, y, height: g.outputHeight, width: g.outputWidth,
            channels: cout, batch: batch, runner, &lowered)
    }

    func lowerNarrowInputGradient(
        _ g: ConvolutionGeometry, _ phases: [agon_phase], _ d: Address, _ w: Address, _ dx: Address, batch: Int,
        _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let (cin, cout) = (g.inputChannels, g.outputChannels)
        let phases = phases.filter { $0.rows > 0 && $0.columns > 0 }
        // Output pixels before the first and after the last, which taps at the edges reach.
        let top = max(0, phases.map { Int($0.taps_height - 1 - $0.output_row) }.max() ?? 0)
        let left = max(0, phases.map { Int($0.taps_width - 1 - $0.output_column) }.max() ?? 0)
        let rows = top + max(g.outputHeight, phases.map { Int($0.rows + $0.output_row) }.max() ?? 0)
        let line =
            left
            + max(
                g.outputWidth,
                phases.map {
                    roundedUp(Int($0.columns), to: FilteredConvolution.alignment) + Int($0.output_column)
                }.max() ?? 0)
        let planes = agon_planes(
            height: Int32(g.outputHeight), width: Int32(g.outputWidth), channels: Int32(cout), top: Int32(top),
            left: Int32(left), residues: 1, rows: Int32(rows), line: Int32(line))
        let passes = phases.map { phase in
            var pass = PlanePass(
                rows: Int(phase.rows), columns: Int(phase.columns), offsets: [],
                weights: Array(repeating: [], count: cin),
                first: (Int(phase.first_row) * g.width + Int(phase.first_column)) * cin,
                row: g.strideHeight * g.width * cin, column: g.strideWidth * cin)
            for i in 0..<Int(phase.taps_height) {
                for j in 0..<Int(phase.taps_width) {
                    let row = top + Int(phase.output_row) - i
                    let column = left + Int(phase.output_column) - j
                    let tap = phase.kernelRow(i) * g.kernelWidth + phase.kernelColumn(j)
                    for o in 0..<cout {
                        pass.offsets.append(Int64((row * cout + o) * line + column))
                        for c in 0..<cin { pass.weights[c].append((tap * cin + c) * cout + o) }
                    }
                }
            }
            return pass
        }
        lowerPlanes(
            planes, rowStep: 1, passes, d, w, dx, height: g.height, width: g.width, channels: cin, batch: batch, runner,
            &lowered)
    }

    /// - Parameter rowStep: Rows of the planes from one row of results to the next.
    private func lowerPlanes(
        _ planes: agon_planes, rowStep: Int, _ passes: [PlanePass], _ source: Address, _ w: Address, _ result: Address,
        height: Int, width: Int, channels: Int, batch: Int, _ runner: ProgramRunner?, _ lowered: inout LoweredGroup
    ) {
        let sourceImage = Int(planes.height * planes.width * planes.channels)
        let resultImage = height * width * channels
        let planeRow = rowStep * Int(planes.residues * planes.channels * planes.line)
        let lines = Int(planes.rows * planes.residues * planes.channels * planes.line)
        let columns = passes.map { roundedUp($0.columns, to: FilteredConvolution.alignment) }
        let sums = zip(passes, columns).map { $0.rows * $1 }.max() ?? 0
        let taps = passes.map(\.offsets.count).max() ?? 0
        let images = pieces(of: batch, size: max(1, 4096 / (height * width)))
        let sum = vector.plane_sums
        addRowTask(
            images, pixelsPerRow: height * width, channels: channels, runner, &lowered, scratch: lines + sums + taps
        ) { range, scratch in
            let (values, weights) = (scratch + lines, scratch + lines + sums)
            for image in range {
                withUnsafePointer(to: planes) {
                    agon_split_planes($0, source.constant + image * sourceImage, scratch)
                }
                for (pass, columns) in zip(passes, columns) {
                    for channel in 0..<channels {
                        for (tap, place) in pass.weights[channel].enumerated() { weights[tap] = w.constant[place] }
                        sum?(
                            Int64(pass.rows), Int64(columns), scratch, Int64(planeRow), Int64(pass.offsets.count),
                            pass.offsets, weights, values, Int64(columns))
                        agon_join_plane(
                            values, Int64(columns), Int64(pass.rows), Int64(pass.columns),
                            result.pointer + image * resultImage + pass.first + channel, Int64(pass.row),
                            Int64(pass.column))
                    }
                }
            }
        }
    }
}
