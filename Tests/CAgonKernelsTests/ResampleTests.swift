import CAgonKernels
import Testing

/// Pooling, upsampling and padding by their definitions, and each adjoint by `<f(x), y> = <x, adjoint(y)>`; images are
/// done one at a time, as pieces are.
@Suite struct ResampleTests {
    private let channels = 3

    private func images(_ height: Int, _ width: Int, seed: UInt64) -> [Float] {
        uniform(2 * height * width * channels, seed: seed)
    }

    /// Runs a kernel on image 0 and image 1 apart.
    private func run(_ count: Int, _ kernel: (_ begin: Int32, _ end: Int32, _ out: UnsafeMutablePointer<Float>) -> Void)
        -> [Float]
    {
        var out = [Float](repeating: .nan, count: count)
        out.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            kernel(1, 2, base)
            kernel(0, 1, base)
        }
        return out
    }

    private func product(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    private func expectAdjoint(
        _ x: [Float], _ fx: [Float], _ y: [Float], _ adjoint: [Float], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (left, right) = (product(fx, y), product(x, adjoint))
        let scale = product(fx, fx).squareRoot() * product(y, y).squareRoot()
        #expect(abs(left - right) <= 1e-6 * max(scale, 1), "\(left), \(right)", sourceLocation: sourceLocation)
    }

    // MARK: Pooling

    struct PoolingCase: Sendable, CustomTestStringConvertible {
        let height: Int32, width: Int32, kernel: (Int32, Int32), stride: (Int32, Int32), padding: (Int32, Int32)
        var testDescription: String { "\(height)x\(width) kernel \(kernel) stride \(stride) padding \(padding)" }

        var geometry: agon_pooling {
            agon_pooling(
                height: height, width: width, channels: 3,
                output_height: (height + 2 * padding.0 - kernel.0) / stride.0 + 1,
                output_width: (width + 2 * padding.1 - kernel.1) / stride.1 + 1, kernel_height: kernel.0,
                kernel_width: kernel.1, stride_height: stride.0, stride_width: stride.1, padding_top: padding.0,
                padding_left: padding.1)
        }
    }

    static let poolings = [
        PoolingCase(height: 4, width: 6, kernel: (2, 2), stride: (2, 2), padding: (0, 0)),
        PoolingCase(height: 5, width: 7, kernel: (3, 3), stride: (2, 2), padding: (1, 1)),
        PoolingCase(height: 3, width: 4, kernel: (3, 4), stride: (1, 1), padding: (0, 0)),
        PoolingCase(height: 5, width: 5, kernel: (1, 2), stride: (3, 1), padding: (0, 1)),
        PoolingCase(height: 1, width: 1, kernel: (1, 1), stride: (1, 1), padding: (0, 0)),
        PoolingCase(height: 2, width: 2, kernel: (3, 3), stride: (1, 1), padding: (1, 1)),
    ]

    /// The values of each window inside the image.
    private func windows(_ g: agon_pooling, _ x: [Float]) -> [[(index: Int, value: Float)]] {
        places(2, Int(g.output_height), Int(g.output_width), channels).map { at in
            places(Int(g.kernel_height), Int(g.kernel_width)).compactMap { tap in
                let y = at[1] * Int(g.stride_height) - Int(g.padding_top) + tap[0]
                let column = at[2] * Int(g.stride_width) - Int(g.padding_left) + tap[1]
                guard (0..<Int(g.height)).contains(y), (0..<Int(g.width)).contains(column) else { return nil }
                let index = ((at[0] * Int(g.height) + y) * Int(g.width) + column) * channels + at[3]
                return (index, x[index])
            }
        }
    }

    @Test(arguments: poolings)
    func averagePooling(_ c: PoolingCase) {
        var g = c.geometry
        let x = images(Int(c.height), Int(c.width), seed: 1)
        let expected = windows(g, x).map {
            $0.reduce(0) { $0 + Double($1.value) } / Double(g.kernel_height * g.kernel_width)
        }
        let y = run(expected.count) { agon_average_pool(&g, x, $0, $1, $2) }
        expectClose(y, expected)
        let d = uniform(expected.count, seed: 2)
        expectAdjoint(x, y, d, run(x.count) { agon_average_pool_gradient(&g, d, $0, $1, $2) })
    }

    @Test(arguments: poolings)
    func maxPooling(_ c: PoolingCase) {
        var g = c.geometry
        // Few distinct numbers, so that windows have ties: the first of them counts.
        let x = images(Int(c.height), Int(c.width), seed: 3).map { ($0 * 4).rounded() / 4 }
        let winners = windows(g, x).map { window in
            window.dropFirst().reduce(window[0]) { $1.value > $0.value ? $1 : $0 }
        }
        #expect(run(winners.count) { agon_max_pool(&g, x, $0, $1, $2) } == winners.map(\.value))
        let d = uniform(winners.count, seed: 4)
        var expected = [Double](repeating: 0, count: x.count)
        for (winner, d) in zip(winners, d) { expected[winner.index] += Double(d) }
        expectClose(run(x.count) { agon_max_pool_gradient(&g, x, d, $0, $1, $2) }, expected)
        let other = images(Int(c.height), Int(c.width), seed: 5)
        #expect(run(winners.count) { agon_max_pool_pick(&g, x, other, $0, $1, $2) } == winners.map { other[$0.index] })
    }

    /// A NaN in a window is its maximum wherever it lies, so that a run that went wrong shows it.
    @Test func maxPoolingKeepsNaN() {
        var g = PoolingCase(height: 2, width: 2, kernel: (2, 2), stride: (2, 2), padding: (0, 0)).geometry
        g.channels = 1
        for place in 0..<4 {
            var x: [Float] = [1, 4, 2, 3]
            x[place] = .nan
            var y: Float = 0
            agon_max_pool(&g, x, 0, 1, &y)
            #expect(y.isNaN, "NaN at \(place)")
        }
    }

    // MARK: Upsampling

    @Test(arguments: [(3, 4, 1), (2, 5, 2), (4, 3, 3), (1, 1, 4), (1, 6, 5)])
    func nearestUpsampling(height: Int, width: Int, scale: Int) {
        let x = images(height, width, seed: 1)
        let expected = places(2, height * scale, width * scale, channels).map {
            x[(($0[0] * height + $0[1] / scale) * width + $0[2] / scale) * channels + $0[3]]
        }
        let sizes = (Int32(height), Int32(width), Int32(channels), Int32(scale))
        let y = run(expected.count) { agon_upsample_nearest(x, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) }
        #expect(y == expected)
        let d = uniform(y.count, seed: 2)
        let adjoint = run(x.count) { agon_upsample_nearest_gradient(d, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) }
        expectAdjoint(x, y, d, adjoint)
    }

    /// Half-pixel centres, the borders held: linear images stay linear between the first and the last centre.
    @Test(arguments: [(3, 4, 2), (2, 5, 3), (4, 3, 4), (1, 1, 2), (1, 6, 5), (5, 2, 1)])
    func bilinearUpsampling(height: Int, width: Int, scale: Int) {
        func at(_ index: Int, _ extent: Int) -> Double {
            min(max((Double(index) + 0.5) / Double(scale) - 0.5, 0), Double(extent - 1))
        }
        let slopes = [(1.0, 2.0), (-0.5, 0.25), (3, -1)]
        let x = places(2, height, width, channels).map {
            Float(Double($0[0]) + slopes[$0[3]].0 * Double($0[1]) + slopes[$0[3]].1 * Double($0[2]))
        }
        let expected = places(2, height * scale, width * scale, channels).map {
            Double($0[0]) + slopes[$0[3]].0 * at($0[1], height) + slopes[$0[3]].1 * at($0[2], width)
        }
        let sizes = (Int32(height), Int32(width), Int32(channels), Int32(scale))
        expectClose(
            run(expected.count) { agon_upsample_bilinear(x, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) }, expected)
        let noise = images(height, width, seed: 6)
        let y = run(expected.count) { agon_upsample_bilinear(noise, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) }
        let d = uniform(y.count, seed: 7)
        let adjoint = run(x.count) {
            agon_upsample_bilinear_gradient(d, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2)
        }
        expectAdjoint(noise, y, d, adjoint)
    }

    @Test(arguments: [(2, 3, 2), (1, 4, 3), (3, 1, 1)])
    func depthToSpace(height: Int, width: Int, scale: Int) {
        let deep = channels * scale * scale
        let x = uniform(2 * height * width * deep, seed: 1)
        // PyTorch's pixel_shuffle: out[n, c, y s + i, x s + j] = in[n, c s² + i s + j, y, x].
        let expected = places(2, height * scale, width * scale, channels).map { at in
            let channel = (at[3] * scale + at[1] % scale) * scale + at[2] % scale
            return x[((at[0] * height + at[1] / scale) * width + at[2] / scale) * deep + channel]
        }
        let sizes = (Int32(height), Int32(width), Int32(channels), Int32(scale))
        let y = run(x.count) { agon_depth_to_space(x, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) }
        #expect(y == expected)
        #expect(run(x.count) { agon_space_to_depth(y, sizes.0, sizes.1, sizes.2, sizes.3, $0, $1, $2) } == x)
    }

    // MARK: Padding

    @Test(arguments: [
        (1, 2, 3, 0, false), (0, 0, 0, 0, false), (-1, 0, -2, 1, false), (1, -1, -1, 2, false), (1, 2, 3, 1, true),
        (3, 0, 0, 4, true), (-1, 2, 1, -2, true),
    ])
    func padding(top: Int32, left: Int32, bottom: Int32, right: Int32, reflection: Bool) {
        let (height, width) = (4, 5)
        var g = agon_padding(
            height: 4, width: 5, channels: 3, top: top, left: left, bottom: bottom, right: right, reflection: reflection
        )
        let x = images(height, width, seed: 1)
        func source(_ index: Int, _ extent: Int) -> Int? {
            if (0..<extent).contains(index) { return index }
            return reflection ? (index < 0 ? -index : 2 * (extent - 1) - index) : nil
        }
        let expected = places(2, height + Int(top + bottom), width + Int(left + right), channels).map { at -> Float in
            guard let y = source(at[1] - Int(top), height), let column = source(at[2] - Int(left), width) else {
                return 0
            }
            return x[((at[0] * height + y) * width + column) * channels + at[3]]
        }
        let y = run(expected.count) { agon_pad(&g, x, $0, $1, $2) }
        #expect(y == expected)
        let d = uniform(y.count, seed: 2)
        expectAdjoint(x, y, d, run(x.count) { agon_pad_gradient(&g, d, $0, $1, $2) })
    }
}
