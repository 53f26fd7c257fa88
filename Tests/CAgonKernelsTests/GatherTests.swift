import CAgonKernels
import Testing

/// A convolution's geometry for the gathers and scatters around its products.
struct GatherCase: CustomTestStringConvertible, Sendable {
    var g: agon_convolution
    var testDescription: String {
        """
        \(g.height)x\(g.width)x\(g.input_channels) to \(g.output_height)x\(g.output_width)x\(g.output_channels), \
        kernel \(g.kernel_height)x\(g.kernel_width) stride \(g.stride_height) \(g.stride_width) \
        padding \(g.padding_top) \(g.padding_left) dilation \(g.dilation_height) \(g.dilation_width)
        """
    }

    init(
        _ height: Int32, _ width: Int32, channels: (Int32, Int32) = (3, 2), kernel: (Int32, Int32),
        stride: (Int32, Int32) = (1, 1), padding: (Int32, Int32) = (0, 0), dilation: (Int32, Int32) = (1, 1)
    ) {
        g = agon_convolution(
            batch: 2, height: height, width: width, input_channels: channels.0,
            output_height: (height + 2 * padding.0 - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1,
            output_width: (width + 2 * padding.1 - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1,
            output_channels: channels.1, kernel_height: kernel.0, kernel_width: kernel.1, stride_height: stride.0,
            stride_width: stride.1, padding_top: padding.0, padding_left: padding.1, dilation_height: dilation.0,
            dilation_width: dilation.1, groups: 1)
    }

    static let all: [GatherCase] = [
        .init(5, 4, kernel: (3, 3), padding: (1, 1)), .init(4, 4, kernel: (4, 4), stride: (2, 2), padding: (1, 1)),
        .init(1, 1, kernel: (3, 3), padding: (1, 1)), .init(5, 6, kernel: (1, 1), stride: (3, 2)),
        .init(7, 5, kernel: (2, 2), stride: (3, 3)), .init(3, 3, kernel: (5, 5), padding: (2, 2)),
        .init(6, 7, kernel: (3, 2), padding: (2, 1), dilation: (2, 3)), .init(2, 3, kernel: (3, 3), padding: (4, 5)),
        .init(8, 9, kernel: (3, 3), stride: (4, 6), padding: (2, 3), dilation: (2, 4)),
        .init(5, 5, channels: (1, 1), kernel: (3, 3), padding: (1, 1)), .init(1, 75, kernel: (1, 70), padding: (0, 3)),
    ]

    var pixels: Int { Int(g.batch * g.output_height * g.output_width) }
    var taps: Int { Int(g.kernel_height * g.kernel_width) }

    /// The input pixel that a tap of an output pixel meets; nil in the padding.
    func met(_ oy: Int, _ ox: Int, tap: Int) -> (y: Int, x: Int)? {
        let y = oy * Int(g.stride_height) - Int(g.padding_top) + tap / Int(g.kernel_width) * Int(g.dilation_height)
        let x = ox * Int(g.stride_width) - Int(g.padding_left) + tap % Int(g.kernel_width) * Int(g.dilation_width)
        return (0..<Int(g.height)).contains(y) && (0..<Int(g.width)).contains(x) ? (y, x) : nil
    }
}

@Suite struct GatherTests {
    private let nan = Float.nan

    /// All channels and taps, some channels, some taps, and rows cut in two.
    @Test(arguments: GatherCase.all)
    func columns(_ c: GatherCase) {
        var g = c.g
        let channels = Int(g.input_channels)
        let input = uniform(Int(g.batch * g.height * g.width) * channels, seed: 1)
        for (channelRange, taps) in [
            (0..<channels, 0..<c.taps), (channels / 2..<channels, 0..<c.taps), (0..<channels, c.taps / 3..<c.taps),
            (0..<(channels + 1) / 2, c.taps / 2..<c.taps / 2 + 1),
        ] {
            var expected: [Float] = []
            for at in places(Int(g.batch), Int(g.output_height), Int(g.output_width)) {
                for tap in taps {
                    for channel in channelRange {
                        let pixel = c.met(at[1], at[2], tap: tap).map {
                            (at[0] * Int(g.height) + $0.y) * Int(g.width) + $0.x
                        }
                        expected.append(pixel.map { input[$0 * channels + channel] } ?? 0)
                    }
                }
            }
            let line = taps.count * channelRange.count
            for cut in [c.pixels, 1, c.pixels / 2] {
                var found = [Float](repeating: nan, count: c.pixels * line)
                for rows in [0..<cut, cut..<c.pixels] where !rows.isEmpty {
                    found.withUnsafeMutableBufferPointer { found in
                        guard let base = found.baseAddress else { return }
                        agon_im2col(
                            &g, input, Int64(rows.lowerBound), Int64(rows.upperBound), Int32(channelRange.lowerBound),
                            Int32(channelRange.count), Int32(taps.lowerBound), Int32(taps.upperBound),
                            base + rows.lowerBound * line)
                    }
                }
                #expect(found == expected)
            }
        }
    }

    /// Each tap value goes back to the pixel that the tap met.
    @Test(arguments: GatherCase.all)
    func sumsIntoInputPixels(_ c: GatherCase) {
        var g = c.g
        let channels = Int(g.input_channels)
        let values = uniform(c.pixels * c.taps * channels, seed: 2)
        var expected = [Double](repeating: 0, count: Int(g.batch * g.height * g.width) * channels)
        for (row, at) in places(Int(g.batch), Int(g.output_height), Int(g.output_width)).enumerated() {
            for tap in 0..<c.taps {
                guard let pixel = c.met(at[1], at[2], tap: tap) else { continue }
                for channel in 0..<channels {
                    expected[((at[0] * Int(g.height) + pixel.y) * Int(g.width) + pixel.x) * channels + channel] +=
                        Double(values[(row * c.taps + tap) * channels + channel])
                }
            }
        }
        var found = [Float](repeating: nan, count: expected.count)
        let stride = Int64(c.taps * channels)
        agon_col2im(&g, values, stride, 0, 1, &found)
        let half = values.count / 2
        values.withUnsafeBufferPointer { values in
            if let base = values.baseAddress { agon_col2im(&g, base + half, stride, 1, 2, &found) }
        }
        expectClose(found, expected)
    }

    /// The classes of residues hold every input pixel once, and gather exactly the outputs whose taps meet it.
    @Test(arguments: GatherCase.all)
    func residueClasses(_ c: GatherCase) {
        var g = c.g
        let (channels, inputChannels) = (Int(g.output_channels), Int(g.input_channels))
        let gradient = uniform(c.pixels * channels, seed: 3)
        var image = [Float](repeating: nan, count: Int(g.batch * g.height * g.width) * inputChannels)
        for (phaseRow, phaseColumn) in places(Int(g.stride_height), Int(g.stride_width)).map({ ($0[0], $0[1]) }) {
            var phase = agon_convolution_phase(&g, Int32(phaseRow), Int32(phaseColumn))
            let rows = Int(g.batch * phase.rows * phase.columns)
            let taps = Int(phase.taps_height * phase.taps_width)
            if rows == 0 { continue }
            var found = [Float](repeating: nan, count: max(rows * taps * channels, 1))
            agon_gather_phase(&g, &phase, gradient, 0, Int64(rows), 0, Int32(channels), &found)
            var reached = Set<Int>()
            for (row, at) in places(Int(g.batch), Int(phase.rows), Int(phase.columns)).enumerated() {
                let pixel = (at[1] * Int(g.stride_height) + phaseRow, at[2] * Int(g.stride_width) + phaseColumn)
                for (index, tap) in places(Int(phase.taps_height), Int(phase.taps_width)).enumerated() {
                    let kernel = (
                        Int(phase.tap_row) + tap[0] * Int(phase.tap_row_step),
                        Int(phase.tap_column) + tap[1] * Int(phase.tap_column_step)
                    )
                    let number = kernel.0 * Int(g.kernel_width) + kernel.1
                    reached.insert(number)
                    let output = places(Int(g.output_height), Int(g.output_width)).first {
                        c.met($0[0], $0[1], tap: number).map { $0 == pixel } ?? false
                    }
                    let start = output.map {
                        ((at[0] * Int(g.output_height) + $0[0]) * Int(g.output_width) + $0[1]) * channels
                    }
                    for channel in 0..<channels {
                        #expect(
                            found[(row * taps + index) * channels + channel] == start.map { gradient[$0 + channel] }
                                ?? 0)
                    }
                }
            }
            #expect(reached.count == taps)
            // No other tap meets a pixel of the class.
            for at in places(Int(g.output_height), Int(g.output_width)) {
                for tap in 0..<c.taps where !reached.contains(tap) {
                    if let pixel = c.met(at[0], at[1], tap: tap) {
                        #expect(
                            pixel.y % Int(g.stride_height) != phaseRow || pixel.x % Int(g.stride_width) != phaseColumn)
                    }
                }
            }
            // Numbers that say where they belong, spread in two parts and by groups of channels.
            let values = [Float](repeating: Float(phaseRow * 100 + phaseColumn), count: rows * inputChannels)
            for (rows, channel) in places(2, inputChannels).map({ ($0[0] == 0 ? 0..<rows / 2 : rows / 2..<rows, $0[1]) }
            ) {
                agon_scatter_phase(
                    &g, &phase, values, Int64(rows.lowerBound), Int64(rows.upperBound), Int32(channel), 1, &image)
            }
        }
        for (index, at) in places(Int(g.batch), Int(g.height), Int(g.width), inputChannels).enumerated() {
            #expect(image[index] == Float(at[1] % Int(g.stride_height) * 100 + at[2] % Int(g.stride_width)))
        }
    }

    /// The lines of a row of output, from which products read overlapping taps.
    @Test(
        arguments: GatherCase.all.filter { $0.g.dilation_height == 1 && $0.g.dilation_width == 1 && $0.g.groups == 1 })
    func interleavedLinesHoldTheTaps(_ c: GatherCase) {
        var g = c.g
        let (channels, rows) = (Int(g.input_channels), Int(g.kernel_height))
        let image = uniform(Int(g.batch * g.height * g.width) * channels, seed: 5)
        let columns = Int((g.output_width - 1) * g.stride_width + g.kernel_width)
        for row in 0..<Int(g.batch * g.output_height) {
            var lines = [Float](repeating: nan, count: columns * rows * channels)
            agon_interleave_lines(&g, image, Int64(row), &lines)
            let (sample, y) = (row / Int(g.output_height), row % Int(g.output_height))
            for x in 0..<Int(g.output_width) {
                for tap in 0..<c.taps {
                    let (i, j) = (tap / Int(g.kernel_width), tap % Int(g.kernel_width))
                    for channel in 0..<channels {
                        let place = ((x * Int(g.stride_width) + j) * rows + i) * channels + channel
                        let pixel = c.met(y, x, tap: tap)
                        let expected = pixel.map {
                            image[((sample * Int(g.height) + $0.y) * Int(g.width) + $0.x) * channels + channel]
                        }
                        #expect(lines[place] == expected ?? 0)
                    }
                }
            }
        }
    }

    /// The last step of a stride-1 convolution of few output channels.
    @Test(arguments: GatherCase.all.filter { $0.g.stride_height == 1 && $0.g.stride_width == 1 })
    func sumsOfShiftedImages(_ c: GatherCase) {
        var g = c.g
        let channels = Int(g.output_channels)
        let values = uniform(Int(g.batch * g.height * g.width) * c.taps * channels, seed: 4)
        let expected = places(Int(g.batch), Int(g.output_height), Int(g.output_width), channels).map { at -> Double in
            (0..<c.taps).reduce(0) { sum, tap in
                guard let pixel = c.met(at[1], at[2], tap: tap) else { return sum }
                let row = (at[0] * Int(g.height) + pixel.y) * Int(g.width) + pixel.x
                return sum + Double(values[(row * c.taps + tap) * channels + at[3]])
            }
        }
        var found = [Float](repeating: nan, count: expected.count)
        agon_shift_add(&g, values, Int64(c.taps * channels), 0, 2, &found)
        expectClose(found, expected)
    }

    @Test(arguments: [(1, 1), (1, 40), (40, 1), (16, 16), (17, 33), (5, 100)])
    func transposes(rows: Int, columns: Int) {
        // Wider strides than rows leave what lies between alone.
        let (lda, ldb) = (columns + 3, rows + 2)
        let a = uniform(rows * lda, seed: 5)
        var b = [Float](repeating: 7, count: columns * ldb)
        agon_transpose(a, Int64(rows), Int64(columns), Int64(lda), &b, Int64(ldb))
        for at in places(columns, ldb) {
            #expect(b[at[0] * ldb + at[1]] == (at[1] < rows ? a[at[1] * lda + at[0]] : 7))
        }
    }
}
