import AgonTensors
import AgonTestFiles
import Testing

@testable import AgonDatasets

@Suite struct SyntheticDataTests {
    @Test(arguments: [8, 25]) func mixtureHasItsModes(modes: Int) throws {
        let count = 20_000
        let mixture =
            modes == 8 ? GaussianMixture.ring(count: count, seed: 4) : GaussianMixture.grid(count: count, seed: 4)
        let points = try mixture.samples(0..<count).values
        let labels = try #require(mixture.labels)
        var counts = [Int](repeating: 0, count: modes)
        var squares = 0.0
        for index in 0..<count {
            let centre = mixture.centres[Int(labels[index])]
            let (dx, dy) = (Double(points[2 * index] - centre.x), Double(points[2 * index + 1] - centre.y))
            squares += dx * dx + dy * dy
            counts[Int(labels[index])] += 1
        }
        // A mode's count has deviation sqrt(count / modes); five of them leave one failure in a million seeds.
        let share = Double(count) / Double(modes)
        #expect(counts.allSatisfy { abs(Double($0) - share) < 5 * share.squareRoot() }, "\(counts)")
        let deviation = (squares / Double(2 * count)).squareRoot()
        #expect(abs(deviation / Double(mixture.deviation) - 1) < 0.03, "\(deviation)")
        if modes == 8 {
            #expect(mixture.centres.allSatisfy { abs($0.x * $0.x + $0.y * $0.y - 4) < 1e-5 })
        } else {
            #expect(Set(mixture.centres.map(\.x)) == [-4, -2, 0, 2, 4])
        }
    }

    @Test func mixtureTellsWhereItsModesAre() throws {
        let dataset: any Dataset = GaussianMixture.grid(count: 3, deviation: 0.1, seed: 1)
        let mixture = try #require(dataset.mixture)
        #expect(mixture.centres.count == 25 && mixture.centres[0] == [-4, -4] && mixture.centres[1] == [-2, -4])
        #expect(mixture.deviation == 0.1)
        let images: any Dataset = try ImageDataset.plain(BatchLoaderTests.digits)
        #expect(images.mixture == nil)
    }

    @Test func mixtureDependsOnItsSeed() throws {
        let first = try GaussianMixture.ring(count: 50, seed: 1).samples(0..<50)
        #expect(try GaussianMixture.ring(count: 50, seed: 1).samples(0..<50) == first)
        #expect(try GaussianMixture.ring(count: 50, seed: 2).samples(0..<50) != first)
    }

    @Test func stackedDigitsSpellTheirLabel() throws {
        // Image i of 30 is filled with i and shows digit i mod 10.
        let digits = StoredImages(
            origin: "test", shape: ImageShape(height: 2, width: 1, channels: 1),
            pixels: (0..<30).flatMap { [UInt8($0), UInt8($0)] }, labels: (0..<30).map { Int32($0 % 10) },
            classNames: (0..<10).map(String.init))
        let stacked = try StackedDigits(digits: digits, count: 500, seed: 9)
        let labels = try #require(stacked.labels)
        let scratch = ImageScratch()
        for index in 0..<500 {
            stacked.read(index, scratch: scratch)
            let pixels = scratch.front.pixels.map(Int.init)
            #expect(Int(labels[index]) == pixels[0] % 10 * 100 + pixels[1] % 10 * 10 + pixels[2] % 10)
            #expect(pixels[0..<3] == pixels[3..<6])
        }
        #expect(Set(labels).count > 350, "500 draws of 1000 modes leave about 394 different")
        #expect(stacked.classNames[307] == "307")
        #expect(stacked.classNames.count == 1000)
    }

    @Test func stackingNeedsDigits() throws {
        #expect(throws: DatasetError.notDigits(origin: "test")) {
            _ = try StackedDigits(digits: BatchLoaderTests.digits, count: 3, seed: 0)
        }
    }

    @Test func cifarPlanesBecomePixels() throws {
        let folder = try TemporaryFolder()
        var record = [UInt8](repeating: 0, count: 3073)
        record[0] = 7
        for pixel in 0..<1024 {
            record[1 + pixel] = UInt8(pixel % 256)
            record[1 + 1024 + pixel] = 100
            record[1 + 2048 + pixel] = 200
        }
        let path = try folder.write(record + record, to: "data_batch_1.bin")
        let names = (0..<10).map { "class \($0)" }
        let images = try StoredImages.readCIFAR(batches: [path, path], classNames: names)
        #expect(images.count == 4)
        #expect(images.labels == [7, 7, 7, 7])
        #expect(Array(images.pixels[0..<6]) == [0, 100, 200, 1, 100, 200])
        #expect(Array(images.pixels[3072 * 3 + 3 * 255..<3072 * 3 + 3 * 256]) == [255, 100, 200])

        let cut = try folder.write(Array(record.dropLast()), to: "cut.bin")
        #expect(
            message { _ = try StoredImages.readCIFAR(batches: [cut], classNames: names) }
                == "\(cut): not a CIFAR-10 batch: its 3072 bytes are not a multiple of the record size 3073")
        record[0] = 10
        let bad = try folder.write(record, to: "bad.bin")
        #expect(throws: DatasetError.badLabel(path: bad, index: 0, label: 10, classes: 10)) {
            _ = try StoredImages.readCIFAR(batches: [bad], classNames: names)
        }
    }
}
