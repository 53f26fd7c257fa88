import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

/// Every message whole. `steps` and the like are keys of `SampleRun`.
@Suite struct ConfigErrorTests {
    static let decoding: [(text: String, expected: String)] = [
        (
            #"{"discriminator": {"layers": ["flatten", "flatten",\#n{"type": "conv", "channels": 8,\#n"kernal": 4}]}}"#,
            "cats.json:3: discriminator.layers[2].kernal: unknown key. Did you mean 'kernel'?"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"], "zzz": 4}}"#,
            "cats.json:1: discriminator.zzz: unknown key. Keys known here: layers, norm, pool"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"]},\#n"Seed": 4}"#,
            "cats.json:2: Seed: unknown key. Did you mean 'seed'?"
        ),
        (#"{"discriminator":\#n{}}"#, "cats.json:2: discriminator: missing key 'layers'"),
        ("{\n}", "cats.json:1: missing key 'discriminator'"),
        (
            #"{"discriminator": {"layer": []}}"#,
            "cats.json:1: discriminator.layer: unknown key. Did you mean 'layers'?"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "conv", "chanels": 3}]}}"#,
            "cats.json:1: discriminator.layers[0].chanels: unknown key. Did you mean 'channels'?"
        ),
        (#"{"steps": 0}"#, "cats.json:1: steps: 0 is out of range; expected an integer of at least 1"),
        (#"{"steps": 1e30}"#, "cats.json:1: steps: 1e30 is out of range; expected an integer that fits 64 bits"),
        (
            #"{"seed": 9223372036854775808}"#,
            "cats.json:1: seed: 9223372036854775808 is out of range; expected an integer that fits 64 bits"
        ),
        (#"{"steps": 1.5}"#, "cats.json:1: steps: expected an integer, found the number 1.5"),
        (#"{"steps": "three"}"#, #"cats.json:1: steps: expected an integer, found the string "three""#),
        (#"{"steps": null}"#, "cats.json:1: steps: expected an integer, found null"),
        (#"{"name": true}"#, "cats.json:1: name: expected a string, found true"),
        (#"{"rate": 0}"#, "cats.json:1: rate: 0 is out of range; expected a number above 0 and at most 1"),
        (#"{"rate": []}"#, "cats.json:1: rate: expected a number, found an array of 0 elements"),
        (#"{"rate": [1]}"#, "cats.json:1: rate: expected a number, found an array of 1 element"),
        (#"{"discriminator": 5}"#, "cats.json:1: discriminator: expected an object, found the number 5"),
        (#"{"discriminator": "conv"}"#, #"cats.json:1: discriminator: expected an object, found the string "conv""#),
        (
            #"{"discriminator": {"layers": {}}}"#,
            "cats.json:1: discriminator.layers: expected an array, found an object"
        ),
        (
            #"{"discriminator": {"layers": []}}"#,
            "cats.json:1: discriminator.layers: expected at least 1 element, found 0"
        ),
        (
            #"{"discriminator": {"layers": ["cnov"]}}"#,
            "cats.json:1: discriminator.layers[0]: unknown layer 'cnov'. Did you mean 'conv'?"
                + " Available: around, conv, flatten, residual"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "attention"}]}}"#,
            "cats.json:1: discriminator.layers[0].type: unknown layer 'attention'."
                + " Available: around, conv, flatten, residual"
        ),
        (
            #"{"discriminator": {"layers": [{"kernel": 3}]}}"#,
            "cats.json:1: discriminator.layers[0]: missing key 'type'; one of: around, conv, flatten, residual"
        ),
        (
            #"{"discriminator": {"layers": [{"tpye": "conv", "channels": 3}]}}"#,
            "cats.json:1: discriminator.layers[0].tpye: unknown key. Did you mean 'type'?"
        ),
        (
            #"{"discriminator": {"layers": [3]}}"#,
            #"cats.json:1: discriminator.layers[0]: expected an object with a "type", or the name of a kind of layer,"#
                + " found the number 3"
        ),
        (
            #"{"discriminator": {"layers": ["conv"]}}"#,
            "cats.json:1: discriminator.layers[0]: missing key 'channels'"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "conv", "channels": 1, "kernel": [1, 0]}]}}"#,
            "cats.json:1: discriminator.layers[0].kernel[1]: 0 is out of range; expected an integer from 1 to 255"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "conv", "channels": 1, "kernel": [1, 2, 3]}]}}"#,
            "cats.json:1: discriminator.layers[0].kernel: expected an integer or a pair of integers,"
                + " found an array of 3 elements"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "conv", "channels": 1, "slope": 1}]}}"#,
            "cats.json:1: discriminator.layers[0].slope: 1 is out of range; expected a number of at least 0 and below 1"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "conv", "channels": 1, "bias": 1}]}}"#,
            "cats.json:1: discriminator.layers[0].bias: expected true or false, found the number 1"
        ),
        (
            #"{"discriminator": {"layers": [{"type": "residual", "layers": ["flatten", {"type": "flatten","x":1}]}]}}"#,
            "cats.json:1: discriminator.layers[0].layers[1].x: unknown key. Keys known here: type"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"], "norm": "bach"}}"#,
            "cats.json:1: discriminator.norm: unknown choice 'bach'. Did you mean 'batch'?"
                + " Available: none, batch, layer"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"], "pool": "sum"}}"#,
            "cats.json:1: discriminator.pool: unknown choice 'sum'. Available: maximum, average"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"]}, "optimizer": {"type": "adam", "betas": [0.5]}}"#,
            "cats.json:1: optimizer.betas: expected 2 elements, found 1"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"]}, "optimizer": {"type": "sgd", "betas": [0.5, 0.9]}}"#,
            "cats.json:1: optimizer.betas: unknown key. Keys known here: clip, type, momentum"
        ),
        (
            #"{"discriminator": {"layers": ["flatten"]}, "evaluations": {"a.b": {"every": 20,\#n"samples": 10}}}"#,
            #"cats.json:2: evaluations["a.b"].samples: 10 images are fewer than 20 steps"#
        ),
        (
            #"{"discriminator": {"layers": ["flatten"]}, "evaluations": {"fid": {"sizes": [1, 2, 3, 4]}}}"#,
            "cats.json:1: evaluations.fid.sizes: expected 1 to 3 elements, found 4"
        ),
        ("[]", "cats.json:1: expected an object, found an array of 0 elements"),
    ]

    @Test(arguments: decoding)
    func wordsWhatIsWrongWithAConfig(text: String, expected: String) {
        #expect(message { try decodeSample(text) } == expected)
    }

    static let parsing: [(text: String, expected: String)] = [
        ("", "cats.json:1:1: unexpected end of text; expected a value"),
        ("{", "cats.json:1:2: unexpected end of text; expected a key or '}'"),
        (#"{"a""#, "cats.json:1:5: unexpected end of text; expected ':' after the key"),
        (#"{"a":"#, "cats.json:1:6: unexpected end of text; expected a value"),
        (#"{"a":1"#, "cats.json:1:7: unexpected end of text; expected ',' or '}'"),
        ("[1", "cats.json:1:3: unexpected end of text; expected ',' or ']'"),
        ("[1,", "cats.json:1:4: unexpected end of text; expected a value or ']'"),
        (#"{"a": "b\#n"}"#, "cats.json:1:7: the string is not closed on its line"),
        (#"{"a"#, "cats.json:1:2: the string is not closed on its line"),
        ("/* x", "cats.json:1:1: the comment is not closed by */"),
        ("{\n  a: 1}", "cats.json:2:3: expected a key in double quotes or '}', found 'a'"),
        ("{'a': 1}", "cats.json:1:2: expected a key in double quotes or '}', found '''"),
        (#"{"a": 1 "b": 2}"#, #"cats.json:1:9: expected ',' or '}', found '"'"#),
        (#"{"a": ,}"#, "cats.json:1:7: expected a value, found ','"),
        ("{,}", "cats.json:1:2: expected a key in double quotes or '}', found ','"),
        ("[,]", "cats.json:1:2: expected a value or ']', found ','"),
        ("[1,,]", "cats.json:1:4: expected a value or ']', found ','"),
        ("{} {}", "cats.json:1:4: expected the end of the text, found '{'"),
        (#"{"a": ture}"#, "cats.json:1:7: expected a value, found 'ture'"),
        ("[\u{1}]", "cats.json:1:2: expected a value or ']', found '\\u0001'"),
        ("[NaN]", "cats.json:1:2: NaN is not a finite number"),
        ("[-Infinity]", "cats.json:1:2: -Infinity is not a finite number"),
        ("[1e999]", "cats.json:1:2: 1e999 is not a finite number"),
        ("[01]", "cats.json:1:2: '01' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[.5]", "cats.json:1:2: '.5' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[1.]", "cats.json:1:2: '1.' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[+1]", "cats.json:1:2: '+1' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[-]", "cats.json:1:2: '-' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[1e]", "cats.json:1:2: '1e' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        ("[0x1F]", "cats.json:1:2: '0x1F' is not a number in JSON's form, such as 12, -0.5 or 2e-4"),
        (#"["\ud800"]"#, "cats.json:1:3: half of a surrogate pair in a \\u escape"),
        (#"["\udc00\ud800"]"#, "cats.json:1:3: half of a surrogate pair in a \\u escape"),
        (#"["\ud800\u0041"]"#, "cats.json:1:3: half of a surrogate pair in a \\u escape"),
        (#"["\u12g4"]"#, "cats.json:1:3: unknown escape \\u12g4 in a string"),
        (#"["\u12"]"#, "cats.json:1:3: unknown escape \\u12 in a string"),
        (#"["\x41"]"#, "cats.json:1:3: unknown escape \\x in a string"),
        (#"["\#t"]"#, "cats.json:1:3: control character 9 in a string; write it as \\t"),
        (
            #"{"a": {"b": 1,\#n"c": 2, "b": 3}}"#,
            "cats.json:2: a.b: the key is given twice, first in line 1"
        ),
        (
            String(repeating: "[", count: 257) + String(repeating: "]", count: 257),
            "cats.json:1:257: more than 256 levels of nesting"
        ),
    ]

    @Test(arguments: parsing)
    func wordsWhatBreaksTheGrammar(text: String, expected: String) {
        #expect(message { try ConfigNode.parse(text, file: "cats.json") } == expected)
    }

    @Test func invalidUTF8IsLocated() {
        let bytes = Array(#"{\#n"é": ""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(message { try ConfigNode.parse(bytes, file: "cats.json") } == "cats.json:2:8: the text is not UTF-8")
        #expect(message { try ConfigNode.parse([0x80], file: "x") } == "x:1:1: the text is not UTF-8")
    }

    @Test func localizedDescriptionIsTheMessage() {
        let error: any Error = ConfigError.malformedOverride(argument: "x")
        #expect(error.localizedDescription == "--set x: expected path=value, such as discriminator.layers[2].kernel=5")
    }
}
