import AgonDatasets
import AgonTensors
import Testing

@testable import AgonSampling

@Suite struct SampleStripsTests {
    private let p: UInt8 = 48

    @Test func stripsHoldTheColumnsSideBySide() {
        let input = Tensor(shape: [2, 64, 64, 1], repeating: -1)
        let output = Tensor(shape: [2, 64, 64, 3], values: (0..<2 * 4096).flatMap { _ in [1, -1, 0] as [Float] })
        let target = Tensor(shape: [2, 64, 64, 1], repeating: 1)
        let image = SampleGrid.strips([input, output, target])
        // Two strips of three below each other are nearer to a square than side by side.
        #expect(image.shape == ImageShape(height: 2 * 66 + 2, width: 3 * 66 + 2, channels: 3))
        func pixel(_ row: Int, _ column: Int) -> [UInt8] {
            let start = (row * image.shape.width + column) * 3
            return Array(image.pixels[start..<start + 3])
        }
        for row in [2, 68 + 63] {
            #expect(pixel(row, 2) == [0, 0, 0])
            #expect(pixel(row, 68) == [255, 0, 128])
            #expect(pixel(row, 134 + 63) == [255, 255, 255])
            #expect(pixel(row, 67) == [p, p, p])
        }
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (12, 2), (48, 4)])
    func manyStripsFillSeveralColumns(count: Int, perRow: Int) {
        let column = Tensor(shape: [count, 64, 64, 1])
        let image = SampleGrid.strips([column, column, column])
        #expect(image.shape.width == perRow * 3 * 66 + 2 + (perRow - 1) * 8)
        #expect(image.shape.height == (count + perRow - 1) / perRow * 66 + 2)
    }

    @Test func stripsSideBySideAreInOrderWithAGapBetween() {
        let first = Tensor(shape: [3, 1, 1, 1], values: [-1, -0.5, 0])
        let second = Tensor(shape: [3, 1, 1, 1], values: [0.5, 0.8, 1])
        let image = SampleGrid.strips([first, second], perRow: 2)
        // Samples of one pixel are drawn 64 pixels wide.
        #expect(image.shape == ImageShape(height: 134, width: 4 * 66 + 2 + 8, channels: 1))
        func pixel(_ row: Int, _ column: Int) -> UInt8 { image.pixels[row * image.shape.width + column] }
        #expect([2, 68, 142, 208].map { pixel(2, $0) } == [0, 191, 64, 230])
        #expect([2, 68, 142].map { pixel(68, $0) } == [128, 255, p])
        #expect((132..<142).allSatisfy { pixel(2, $0) == p } && pixel(2, 131) == 191)
    }

    @Test func imagesOfOtherChannelsShowTheirFirst() {
        let images = Tensor(shape: [1, 64, 64, 2], values: (0..<4096).flatMap { _ in [1, -1] as [Float] })
        let image = SampleGrid.strips([images, Tensor(shape: [1, 64, 64, 1], repeating: -1)])
        #expect(image.shape.channels == 1)
        #expect(image.pixels.count { $0 == 255 } == 4096 && image.pixels.count { $0 == 0 } == 4096)
    }
}
