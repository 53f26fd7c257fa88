import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonSampling
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonScoring

/// InceptionV3 beside PyTorch's, with weights that a formula gives (`Tests/Fixtures/inception`).
@Suite struct InceptionV3Tests {
    static let folder = projectFolder + "/Tests/Fixtures/inception/"

    /// Sums of thousands of products in float32 against float64, relative to the largest magnitude; see the fixtures'
    /// README for how far float32 goes.
    static let tolerance = 1e-4

    // MARK: The recording's formulas

    /// Numbers of 32 bits that follow from a name and an index.
    private static func mixed(_ name: String, count: Int) -> [UInt32] {
        let seed = name.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return [UInt32](unsafeUninitializedCapacity: count) { numbers, filled in
            var product = seed
            for index in 0..<count {
                var h = product
                product &+= 2_654_435_761
                h ^= h &>> 15
                h &*= 0x85EB_CA6B
                numbers[index] = h ^ (h &>> 13)
            }
            filled = count
        }
    }

    private static func weight(_ name: String, _ shape: Shape) -> Tensor {
        let (scale, offset): (Double, Double) =
            if name.hasSuffix("bn.weight") {
                (0.5, 1)
            } else if name.hasSuffix("running_var") {
                (1, 1)
            } else if shape.rank > 1 {
                ((24 / Double(shape.count / shape[0])).squareRoot(), 0)
            } else {
                (0.2, 0)
            }
        let numbers = mixed(name, count: shape.count)
        let values = [Float](unsafeUninitializedCapacity: numbers.count) { values, filled in
            numbers.withUnsafeBufferPointer { numbers in
                for index in 0..<numbers.count {
                    values[index] = Float((Double(numbers[index]) / 4_294_967_296 - 0.5) * scale + offset)
                }
            }
            filled = numbers.count
        }
        return Tensor(shape: shape, values: values)
    }

    static let image = ImageShape(height: 139, width: 107, channels: 3)

    private static var images: EightBitImages {
        let noise = mixed("images", count: 2 * image.count)
        var pixels: [UInt8] = []
        for n in 0..<2 {
            for y in 0..<image.height {
                for x in 0..<image.width {
                    for c in 0..<3 {
                        let slope = (90 * n + 3 * (c + 1) * y + 2 * x) % 192
                        pixels.append(UInt8(slope + Int(noise[pixels.count] &>> 26)))
                    }
                }
            }
        }
        return EightBitImages(shape: image, pixels: pixels)
    }

    private static func names() throws -> [(name: String, shape: Shape)] {
        try String(contentsOfFile: folder + "names.txt", encoding: .utf8).split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return (String(words[0]), Shape(words.dropFirst().compactMap { Int($0) }))
        }
    }

    /// All weights of a number of classes, and one of the auxiliary classifier.
    private static func write(to path: String) throws {
        var contents = try names().map {
            SafetensorsFile.Content(name: $0.name, tensor: weight($0.name, $0.shape))
        }
        contents.append(
            SafetensorsFile.Content(name: "AuxLogits.fc.bias", tensor: Tensor(shape: [2], values: [1, 2])))
        try SafetensorsFile.write(path: path, contents)
    }

    // MARK: Values

    private func expectAsRecorded(_ extractor: FeatureExtractor, variant: String) throws {
        let recorded = try SafetensorsFile(path: Self.folder + "features.safetensors")
        let outputs = extractor.outputs(for: Self.images)
        let signs = Self.mixed("features", count: 2048).map { Double($0) / 4_294_967_296 - 0.5 }
        var found: [String: [Double]] = ["norm": [], "product": []]
        for image in 0..<2 {
            let features = outputs.features[image * 2048..<(image + 1) * 2048]
            found["norm", default: []].append(features.reduce(0) { $0 + $1 * $1 }.squareRoot())
            found["product", default: []].append(zip(features, signs).reduce(0) { $0 + $1.0 * $1.1 })
            found["features", default: []] += stride(from: 0, to: 2048, by: 32).map { features[image * 2048 + $0] }
            let classes = outputs.classCount
            found["logProbabilities", default: []] += stride(from: 0, to: classes, by: 32).map {
                outputs.logProbabilities[image * classes + $0]
            }
        }
        for (name, values) in found {
            let expected = try recorded.tensor("\(variant).\(name)").values.map { Double($0) }
            try #require(values.count == expected.count)
            let scale = expected.map(abs).max() ?? 0
            let error = zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(error < Self.tolerance * scale, "\(variant).\(name): \(error / scale)")
        }
    }

    @Test func featuresAreThoseOfPyTorch() throws {
        try BLAS.open()
        let folder = try TemporaryFolder(inMemory: true)
        let path = folder.path + "/inception.safetensors"
        try Self.write(to: path)
        let weights = try InceptionV3Weights(path: path)
        #expect(weights.classes == 1000)
        let size = (height: Self.image.height, width: Self.image.width)
        let (trunk, head) = try weights.networks(height: size.height, width: size.width)
        let pool = WorkerPool(threads: 2)
        func extractor(_ trunk: Network, _ head: Network) throws -> FeatureExtractor {
            try FeatureExtractor(
                trunk: trunk, head: head, name: "inceptionv3", architecture: "inceptionv3", hash: "", batch: 2,
                pool: pool)
        }
        let known = try extractor(trunk, head)
        #expect(known.featureCount == 2048 && known.classCount == 1000)
        try expectAsRecorded(known, variant: "torchvision")

        let source = ExtractorSource.inceptionV3(weights, hash: "f00")
        #expect(source.architecture == "inceptionv3" && source.hash == "f00")
        #expect(source.input == ImageShape(height: 299, width: 299, channels: 3))
        #expect(
            message { try source.check(ImageShape(height: 28, width: 28, channels: 1), of: "dataset 'mnist'") }
                == "classifier 'inceptionv3' does not fit: it reads colour images, those of dataset 'mnist' are grey; "
                + "choose another with --classifier (in a config: evaluate.classifier)")
        #expect(
            message { try source.checkReadsDigits() }
                == "classifier 'inceptionv3' does not fit: the modes of stacked digits need a classifier of "
                + "grey digits, this one has 1000 classes of colour images")

        // The same weights, but for the classes, in the network of the published distances.
        let published = try InceptionV3(classes: 1008).networks(height: size.height, width: size.width)
        for (variable, known) in zip(published.trunk.variables, trunk.variables) { variable.values = known.values }
        for variable in published.head.variables {
            let name = InceptionV3.fileName(of: variable)
            #expect(variable.importing(Self.weight(name, variable.pyTorchShape)))
        }
        try expectAsRecorded(extractor(published.trunk, published.head), variant: "published")
    }

    // MARK: Names and shapes

    @Test func variablesHaveTheNamesAndShapesOfTorchvision() throws {
        let (trunk, head) = try InceptionV3(classes: 1000).networks()
        let found = (trunk.variables + head.variables).map {
            "\(InceptionV3.fileName(of: $0)) \($0.pyTorchShape)"
        }
        #expect(try found.sorted() == Self.names().map { "\($0.name) \($0.shape)" }.sorted())
        #expect(trunk.outputShape == [2048])
        // Sizes of the paper's table 1.
        func output(_ name: String) -> Shape? { trunk.layers.first { $0.name == "inceptionv3.\(name)" }?.outputShape }
        #expect(output("Conv2d_1a_3x3") == [149, 149, 32])
        #expect(output("Mixed_5d") == [35, 35, 288])
        #expect(output("Mixed_6e") == [17, 17, 768])
        #expect(output("Mixed_7c") == [8, 8, 2048])
        // Multiplications and additions: twice the 5.7 billion of the published counts.
        #expect((11.3e9...11.6e9).contains(Double(trunk.floatingPointOperations)))
    }

    // MARK: Files

    @Test(arguments: [#""in/v3.safetensors""#, #"{"type": "inceptionv3", "weights": "in/v3.safetensors"}"#])
    func configsNameTheFile(classifier: String) throws {
        let node = try ConfigNode.parse("{\"classifier\": \(classifier)}", file: "test.json")
        let settings = try ConfigReader.decode(EvaluationSettings.self, from: node).value
        #expect(settings.classifier == .inceptionV3(weights: "in/v3.safetensors"))
    }

    @Test func filesOfOtherThingsEndInALine() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/w.safetensors"
        func complaint(_ shapes: (String, Shape)...) throws -> String {
            try SafetensorsFile.write(
                path: path,
                shapes.map { SafetensorsFile.Content(name: $0, tensor: Tensor(shape: $1, repeating: 0)) })
            return message { _ = try InceptionV3Weights(path: path) }
        }
        let start = "\(path): not usable weights for these networks: "
        #expect(
            try complaint(("conv1.weight", [2]))
                == start + "no array is named 'fc.weight'; expected the names of torchvision's inception_v3")
        #expect(
            try complaint(("fc.weight", [1000, 512])) == start + "'fc.weight' is [1000, 512], expected [classes, 2048]")
        #expect(
            try complaint(("fc.weight", [4, 2048]), ("Conv2d_1a_3x3.conv.weights", [32, 3, 3, 3]))
                == start + "no array is called 'Conv2d_1a_3x3.conv.weight'; the nearest is 'Conv2d_1a_3x3.conv.weights'"
        )
        #expect(
            try complaint(("fc.weight", [4, 2048]), ("Conv2d_1a_3x3.conv.weight", [32, 3, 3]))
                == start + "'Conv2d_1a_3x3.conv.weight' is [32, 3, 3], expected [32, 3, 3, 3]")
        #expect(message { _ = try InceptionV3Weights(path: folder.path + "/none") }.contains("/none"))
    }
}
