import AgonDatasets
import AgonSampling
import AgonTensors
import AgonTestFiles
import Testing

@Suite struct SampleGridTests {
    @Test func samplesStandRowByRowWithPadding() {
        let images = Tensor(shape: [3, 1, 2, 1], values: [-1, 1, 0, -2, .nan, 7])
        let image = SampleGrid(padding: 1, scale: 1).image(of: images)
        #expect(image.shape == ImageShape(height: 5, width: 7, channels: 1))
        let p: UInt8 = 48
        #expect(
            image.pixels == [
                p, p, p, p, p, p, p,
                p, 0, 255, p, 128, 0, p,
                p, p, p, p, p, p, p,
                p, 0, 255, p, p, p, p,
                p, p, p, p, p, p, p,
            ])
    }

    @Test(arguments: [(1, 1, 1), (2, 2, 1), (4, 2, 2), (5, 3, 2), (64, 8, 8), (65, 9, 8)])
    func gridIsNearlySquare(count: Int, columns: Int, rows: Int) {
        let image = SampleGrid(padding: 2).image(of: Tensor(shape: [count, 28, 28, 3]))
        #expect(image.shape.width == columns * (56 + 2) + 2)
        #expect(image.shape.height == rows * (56 + 2) + 2)
    }

    @Test func smallSamplesAreEnlargedByWholePixels() {
        let images = Tensor(shape: [1, 32, 32, 1], values: (0..<1024).map { Float($0 % 256) / 127.5 - 1 })
        let image = SampleGrid(padding: 0).image(of: images)
        #expect(image.shape == ImageShape(height: 64, width: 64, channels: 1))
        for row in 0..<64 {
            for column in 0..<64 {
                #expect(Int(image.pixels[row * 64 + column]) == (row / 2 * 32 + column / 2) % 256)
            }
        }
        #expect(SampleGrid(padding: 2).image(of: Tensor(shape: [1, 128, 128, 3])).shape.width == 132)
        #expect(SampleGrid().image(of: Tensor(shape: [1, 128, 128, 3])).shape.width == 128)
    }

    @Test func fileHoldsTheGrid() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("grid.png")
        let images = Tensor(shape: [7, 8, 8, 3], values: (0..<7 * 192).map { Float($0 % 100) / 50 - 1 })
        try SampleGrid(columns: 4).write(images, path: path)
        #expect(try ImageFile.read(path: path) == SampleGrid(columns: 4).image(of: images))
        #expect(throws: TensorsError.self) { try SampleGrid().write(images, path: "/nowhere/at/all.png") }
    }
}
