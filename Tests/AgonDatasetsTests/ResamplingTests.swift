import Testing

@testable import AgonDatasets

/// Against `Image.resize` of Pillow 12.3.0 on 8-bit images; equal to the last bit.
@Suite struct ResamplingTests {
    struct Case: Sendable {
        let from: (height: Int, width: Int, channels: Int)
        let to: (height: Int, width: Int)
        let filter: ResizeFilter
        let expected: [UInt8]

        init(from: (Int, Int, Int), to: (Int, Int), filter: ResizeFilter, expected: [UInt8]) {
            self.from = from
            self.to = to
            self.filter = filter
            self.expected = expected
        }
    }

    /// Pixel i is `((1103515245 i + 12345) mod 2³¹) >> 23`.
    static func image(_ height: Int, _ width: Int, _ channels: Int) -> Image {
        let shape = ImageShape(height: height, width: width, channels: channels)
        return Image(
            shape: shape,
            pixels: (0..<shape.count).map { UInt8(((1_103_515_245 * $0 + 12345) % (1 << 31)) >> 23) })
    }

    @Test(arguments: cases) func resultIsPillows(example: Case) {
        let source = Self.image(example.from.height, example.from.width, example.from.channels)
        var target = source
        Resampler().resize(
            source, height: example.to.height, width: example.to.width, filter: example.filter, into: &target)
        #expect(target.pixels == example.expected)
    }

    @Test(arguments: ResizeFilter.allCases) func evenImageStaysEven(filter: ResizeFilter) {
        let shape = ImageShape(height: 11, width: 6, channels: 3)
        let source = Image(shape: shape, pixels: [UInt8](repeating: 201, count: shape.count))
        var target = source
        let resampler = Resampler()
        for (height, width) in [(1, 1), (5, 17), (64, 64), (11, 6)] {
            resampler.resize(source, height: height, width: width, filter: filter, into: &target)
            #expect(target.pixels == [UInt8](repeating: 201, count: 3 * height * width))
        }
    }

    static let cases: [Case] = [
        Case(
            from: (5, 7, 1), to: (3, 4), filter: .nearest,
            expected: [
                0, 7, 14, 21, 49, 56, 63, 70, 99, 106, 113, 120,
            ]),
        Case(
            from: (5, 7, 1), to: (3, 4), filter: .bilinear,
            expected: [
                74, 81, 88, 92, 114, 120, 127, 131, 152, 159, 166, 170,
            ]),
        Case(
            from: (5, 7, 1), to: (3, 4), filter: .bicubic,
            expected: [
                72, 80, 86, 91, 114, 120, 127, 133, 154, 162, 168, 172,
            ]),
        Case(
            from: (4, 4, 1), to: (6, 7), filter: .nearest,
            expected: [
                0, 0, 131, 131, 7, 138, 138, 14, 14, 145, 145, 21, 152, 152, 14, 14, 145, 145, 21, 152, 152, 28,
                28, 159, 159, 35, 167, 167, 28, 28, 159, 159, 35, 167, 167, 42, 42, 174, 174, 49, 181, 181,
            ]),
        Case(
            from: (4, 4, 1), to: (6, 7), filter: .bilinear,
            expected: [
                0, 47, 122, 69, 16, 91, 138, 7, 54, 129, 76, 23, 98, 145, 16, 63, 138, 85, 32, 108, 155, 26, 73,
                148, 95, 42, 117, 164, 35, 82, 158, 105, 51, 127, 174, 42, 89, 165, 112, 58, 134, 181,
            ]),
        Case(
            from: (4, 4, 1), to: (6, 7), filter: .bicubic,
            expected: [
                0, 43, 128, 68, 8, 93, 147, 1, 50, 135, 75, 15, 100, 154, 6, 60, 145, 85, 25, 110, 164, 16, 70,
                155, 95, 35, 120, 175, 26, 81, 166, 106, 45, 130, 185, 33, 88, 173, 113, 52, 137, 192,
            ]),
        Case(
            from: (6, 5, 3), to: (3, 4), filter: .nearest,
            expected: [
                181, 56, 188, 63, 195, 70, 85, 216, 92, 223, 99, 230, 31, 163, 38, 170, 45, 177, 191, 67, 198, 74,
                205, 81, 138, 13, 145, 20, 152, 27, 42, 173, 49, 180, 56, 187,
            ]),
        Case(
            from: (6, 5, 3), to: (3, 4), filter: .bilinear,
            expected: [
                100, 113, 107, 118, 104, 125, 109, 116, 117, 128, 122, 135, 120, 155, 127, 153, 106, 160, 109, 118,
                116, 133, 120, 116, 135, 92, 142, 116, 135, 123, 129, 147, 136, 172, 129, 96,
            ]),
        Case(
            from: (6, 5, 3), to: (3, 4), filter: .bicubic,
            expected: [
                98, 109, 105, 116, 102, 123, 108, 117, 115, 129, 123, 139, 117, 169, 125, 165, 100, 172, 102, 117,
                110, 132, 120, 115, 136, 83, 144, 112, 139, 119, 132, 152, 143, 178, 131, 88,
            ]),
        Case(
            from: (9, 8, 1), to: (2, 2), filter: .nearest,
            expected: [
                63, 78, 177, 191,
            ]),
        Case(
            from: (9, 8, 1), to: (2, 2), filter: .bilinear,
            expected: [
                116, 123, 136, 129,
            ]),
        Case(
            from: (9, 8, 1), to: (2, 2), filter: .bicubic,
            expected: [
                115, 122, 139, 129,
            ]),
        Case(
            from: (1, 6, 1), to: (3, 2), filter: .nearest,
            expected: [
                131, 14, 131, 14, 131, 14,
            ]),
        Case(
            from: (1, 6, 1), to: (3, 2), filter: .bilinear,
            expected: [
                68, 77, 68, 77, 68, 77,
            ]),
        Case(
            from: (1, 6, 1), to: (3, 2), filter: .bicubic,
            expected: [
                61, 84, 61, 84, 61, 84,
            ]),
    ]
}
